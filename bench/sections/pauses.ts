import { Fleet } from '../support/fleet.js';
import { streamLoad, unaryLoad } from '../support/load.js';
import type { Pace } from '../support/load.js';
import { OTHERS_CORE, WRITER_CORE } from '../support/machine.js';
import { fixed, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const ENTRIES = [10_000, 2_000_000] as const;
const CALLS = 40_000;
const STREAMS = 4;
/** Few calls in flight, so that a call waits for the server and hardly for other calls. */
const GENTLE = { connections: 4, inFlight: 1, metadata: [] } as const;
/** As many as the server can take. */
const HEAVY = { connections: 8, inFlight: 32, metadata: [] } as const;

/** How long the slowest calls wait while a server holds many entries. */
export async function pauses(): Promise<Table[]> {
  const rows: string[][] = [];
  for (const entries of ENTRIES) {
    const fleet = await Fleet.open('embedded', true);
    try {
      const { port } = await fleet.add(WRITER_CORE);
      await streamLoad(port, STREAMS, entries, 'cheia', OTHERS_CORE);
      let first = 0;
      for (const [name, manner] of [
        ['4 calls in flight', GENTLE],
        ['256 calls in flight', HEAVY],
      ] as const) {
        for (const operation of ['insert', 'query'] as const) {
          const pace = await unaryLoad(port, operation, CALLS, first, CALLS, manner);
          rows.push([`${whole(entries)} entries, ${operation}, ${name}`, ...cells(pace)]);
        }
        first += CALLS;
      }
    } finally {
      await fleet.close();
    }
  }
  return [
    {
      title: 'The longest waits of a server that holds much',
      columns: ['Entries and calls', 'calls/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'longest ms'],
      rows,
      notes: [
        `One server on core 0, filled by streams with 64-character values, then ${whole(CALLS)} unary calls of each kind from core 1, inserts of new keys and queries of these.`,
        'From the request to the end of the answer, as the caller sees it: collections of garbage, growing tables and everything else that stops the server are in it, and the load generator’s own pauses too.',
      ],
    },
  ];
}

function cells({ items, seconds, p50Ms, p99Ms, p999Ms, longestMs }: Pace): string[] {
  return [whole(items / seconds), fixed(p50Ms, 2), fixed(p99Ms, 1), fixed(p999Ms, 1), fixed(longestMs, 1)];
}
