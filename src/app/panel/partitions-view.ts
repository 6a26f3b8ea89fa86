import type { EnginePicture } from '../../ports/panel.js';
import type { PartitionsStatus } from '../status/partitions-status.js';
import type { PartitionsEngine } from '../../engines/partitions/engine.js';
import type { EngineView } from './collector.js';

interface PartitionsViewDeps {
  readonly engine: Pick<PartitionsEngine, 'nodes'>;
  readonly status: PartitionsStatus;
}

/** What a server over partitions adds to pictures. */
export class PartitionsView implements EngineView {
  constructor(private readonly deps: PartitionsViewDeps) {}

  look(): EnginePicture {
    const { engine, status } = this.deps;
    const { servers, agrees, warnings, keys, versions, bytes } = status.statusNow();
    const heard = engine.nodes.filter(({ hears }) => hears).map(({ address }) => address);
    return {
      servers: servers.map((server) => ({
        ...server,
        ...{ isReplica: !server.isSelf, storeHash: '', vectorDigest: '', recent: [] },
        hears: server.isSelf ? heard : undefined,
      })),
      ...{ agrees, hasDiverged: false, warnings, keys, versions, bytes },
    };
  }
}
