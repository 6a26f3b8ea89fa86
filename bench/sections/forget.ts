import { Fleet } from '../support/fleet.js';
import { root } from '../support/machine.js';
import { pause, until } from '../support/processes.js';
import { programIn } from '../support/program.js';
import { memoryUse, probeOptions } from '../support/server-memory.js';
import type { MemoryUse } from '../support/server-memory.js';
import { fixed, percent, whole } from '../support/stats.js';
import { streamedInserts, streamedRemovals } from '../support/streamed-calls.js';
import type { StreamedInserts } from '../support/streamed-calls.js';
import type { Table } from '../support/table.js';

const MILLION = 1_000_000;
const BLOCK = 100_000;
const STREAMS = 4;
const ATTEMPTS = 5;
const SETTLED_MS = 45_000;
/** Millions of keys; 30 takes about half an hour. */
const MILLIONS = Number(process.env['BENCH_FORGET_MILLIONS'] ?? 3);

/** Memory of two servers while keys come and go: what is left of a key that is removed is forgotten. */
export async function forget(): Promise<Table[]> {
  const fleet = await Fleet.open('embedded', false, programIn(root, probeOptions()));
  try {
    const peer = await fleet.add();
    const server = await fleet.add();
    const rows: string[][] = [];
    let first: MemoryUse | undefined;
    for (let million = 1; million <= MILLIONS; million++) {
      const startMs = performance.now();
      for (let block = 0; block < MILLION / BLOCK; block++) {
        const keys = { port: server.port, streams: STREAMS, items: BLOCK, prefix: `${million}-${block}` };
        await comeAndGo(keys);
      }
      const seconds = (performance.now() - startMs) / 1000;
      await server.client.insert(`marca-${million}`, 'marca');
      await until(
        'the other server has it all',
        async () => (await peer.client.latest(`marca-${million}`)) > 0,
      );
      const isShown = million <= 2 || million === MILLIONS || million % 5 === 0;
      if (!isShown) continue;
      // Floors rise at a pace; what is kept until then is not what stays.
      await pause(SETTLED_MS);
      const [here, there] = [await memoryUse([server]), await memoryUse([peer])];
      first ??= here;
      rows.push([
        whole(million * MILLION),
        fixed(here.used / MILLION, 1),
        fixed(here.resident / MILLION, 0),
        percent(here.used / first.used),
        fixed(there.used / MILLION, 1),
        fixed(there.resident / MILLION, 0),
        whole((2 * MILLION) / seconds),
      ]);
    }
    return [
      {
        title: 'Memory while keys come and go, in MB',
        columns: [
          'Keys inserted and removed',
          'used',
          'resident',
          'of that after the first million',
          'the other server: used',
          'resident',
          'calls/s of the last million',
        ],
        rows,
        notes: [
          `A server and a peer with the embedded broker; ${STREAMS} streams insert ${whole(BLOCK)} new keys with values of 64 characters, then remove them, and so on.`,
          'Measured 45 s after the last removal. Used: heap and external memory after full collections. Set BENCH_FORGET_MILLIONS for another number of keys.',
        ],
      },
    ];
  } finally {
    await fleet.close();
  }
}

/** Inserts keys and removes them; from the beginning again if a server stood still on a busy machine and refused. */
async function comeAndGo(keys: StreamedInserts): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await streamedInserts(keys);
      await streamedRemovals(keys);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
