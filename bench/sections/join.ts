import { Fleet, hasMosquitto } from '../support/fleet.js';
import { streamLoad } from '../support/load.js';
import { fixed, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const ENTRIES = 1_000_000;
const STREAMS = 4;

/** How long a server needs that joins a fleet with a million entries. */
export async function join(): Promise<Table[]> {
  const kind = hasMosquitto() ? 'mosquitto' : 'embedded';
  const fleet = await Fleet.open(kind, false);
  try {
    const first = await fleet.add();
    const filled = await streamLoad(first.port, STREAMS, ENTRIES, 'chave');
    const startMs = performance.now();
    const joiner = await fleet.add();
    const seconds = (performance.now() - startMs) / 1000;
    for (const key of filled.lastKeys) {
      if ((await joiner.client.latest(key)) !== 1) throw new Error(`it serves and has no ${key}`);
    }
    await fleet.agreed();
    const name = kind === 'mosquitto' ? 'Mosquitto' : 'embedded broker';
    return [
      {
        title: `Joining a fleet with ${whole(ENTRIES)} entries`,
        columns: ['Broker', 'seconds', 'entries/s'],
        rows: [[name, fixed(seconds, 1), whole(ENTRIES / seconds)]],
        notes: [
          'From the start of the process until it serves. The fleet is one server that nobody else uses; 64-character values.',
          'Checked: the joiner has the last key of each stream, and both servers announce the same content hash.',
        ],
      },
    ];
  } finally {
    await fleet.close();
  }
}
