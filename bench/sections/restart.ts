import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { defaultFleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { Fleet } from '../support/fleet.js';
import { streamLoad } from '../support/load.js';
import { scratchFolder } from '../support/scratch.js';
import { fixed, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const ENTRIES = 1_000_000;
const STREAMS = 4;

/** How long a server with a million entries on its disk needs after kill -9 until it serves, alone. */
export async function restart(): Promise<Table[]> {
  const fleet = await Fleet.open('embedded', false);
  try {
    const options = ['--dados', mkdtempSync(join(scratchFolder(), 'dados-'))];
    const first = await fleet.add(undefined, options);
    const filled = await streamLoad(first.port, STREAMS, ENTRIES, 'chave');
    await fleet.kill(first);
    const startMs = performance.now();
    const again = await fleet.add(undefined, options);
    const seconds = (performance.now() - startMs) / 1000;
    for (const key of filled.lastKeys) {
      if ((await again.client.latest(key)) !== 1) throw new Error(`it serves and has no ${key}`);
    }
    const patience = defaultFleetTuning.joinPatienceMs / 1000;
    return [
      {
        title: `Restarting with ${whole(ENTRIES)} entries on the disk`,
        columns: ['Inserted in (s)', 'serving after (s)', 'without waiting for peers (s)'],
        rows: [[fixed(filled.seconds, 1), fixed(seconds, 1), fixed(seconds - patience, 1)]],
        notes: [
          'kill -9 right after the last answer, then from the start of the process until it serves; 64-character values.',
          `A server alone waits ${patience} s for peers that might know more, after it has read its disk. Checked: it has the last key of each stream.`,
        ],
      },
    ];
  } finally {
    await fleet.close();
  }
}
