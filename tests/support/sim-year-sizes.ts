import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { field } from './fields.js';
import type { SimDisk } from './sim-journal.js';
import type { YearServer } from './sim-year-server.js';

/** How big the structures of a fleet are: of each, that of the server where it is biggest. */
export interface Sizes {
  readonly keys: number;
  readonly emptyKeys: number;
  /** Slots of keys, free ones included. */
  readonly slots: number;
  readonly entries: number;
  /** Rows of entries, free ones included. */
  readonly rows: number;
  readonly contexts: number;
  readonly expiring: number;
  readonly origins: number;
  readonly held: number;
  readonly logged: number;
  /** Keys that disks have anything of. */
  readonly onDisk: number;
  /** After a collection: everything of the three servers and of what simulates them. */
  readonly heapMiB: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** @param disks the content of the servers' disks */
export function sizesOf(servers: readonly YearServer[], disks: readonly (SimDisk | undefined)[]): Sizes {
  collectGarbage();
  const most = (of: (server: YearServer) => number): number => Math.max(...servers.map(of));
  const space = ({ engine }: YearServer) => engine.store.keySpace;
  const size = (owner: object, name: string): number =>
    (field(owner, name) as { readonly size: number }).size;
  return {
    keys: most(({ engine }) => engine.store.keyCount),
    emptyKeys: most((server) => space(server).keys.emptyCount),
    slots: most((server) => space(server).keys.slotEnd),
    entries: most(({ engine }) => engine.store.entryCount),
    rows: most((server) => field(field(space(server).entries, 'rows') as object, 'rows') as number),
    contexts: most((server) => size(space(server).entries, 'contexts')),
    expiring: most((server) => space(server).entries.expiring.size),
    origins: most(({ engine }) => engine.store.vector.size),
    held: most(({ engine }) => field(engine.member.receiver, 'heldBatches') as number),
    logged: most(({ engine }) => {
      const log = field(field(engine.member, 'outbox') as object, 'log') as object;
      return (field(log, 'items') as unknown[]).length - (field(log, 'start') as number);
    }),
    onDisk: Math.max(...disks.map((disk) => disk?.state.size ?? 0)),
    heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
  };
}
