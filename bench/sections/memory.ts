import { benchFile } from '../support/load.js';
import { run } from '../support/processes.js';
import { fixed, percent } from '../support/stats.js';
import type { Table } from '../support/table.js';

interface Usage {
  /** Heap and external, and resident, in bytes per entry. */
  readonly usedBytes: number;
  readonly residentBytes: number;
}

const SHAPES = [
  { keys: 1_000_000, versions: 1 },
  { keys: 100_000, versions: 10 },
] as const;

/** Bytes per entry of the engine's store beside a plain map of maps. */
export async function memory(): Promise<Table[]> {
  const rows: string[][] = [];
  for (const { keys, versions } of SHAPES) {
    const plain = await usage('map', keys, versions);
    const engine = await usage('engine', keys, versions);
    rows.push([
      `${keys.toLocaleString('en-US')} keys × ${versions}`,
      fixed(engine.usedBytes, 1),
      fixed(plain.usedBytes, 1),
      percent(engine.usedBytes / plain.usedBytes),
      fixed(engine.residentBytes, 0),
      fixed(plain.residentBytes, 0),
      percent(engine.residentBytes / plain.residentBytes),
    ]);
  }
  return [
    {
      title: 'Memory per entry, in bytes',
      columns: [
        'Entries',
        'used',
        'plain map: used',
        'ratio',
        'resident',
        'plain map: resident',
        'ratio, resident',
      ],
      rows,
      notes: [
        'Keys of 16 and values of 64 ASCII characters, all different, decoded from the bytes of a request as a server does. A process each.',
        'Used: heap and external memory after full collections, less what the process used before. Resident: likewise.',
        'The store is that of a serving fleet engine without broker, filled by `insert`, 32 in each turn of the event loop: versions, timestamps, dots, flags, counters, hashes, and its log of recent batches are in the figure.',
        'The plain map is a `Map<string, Map<number, string>>` without any of that.',
      ],
    },
  ];
}

async function usage(what: 'map' | 'engine', keys: number, versions: number): Promise<Usage> {
  const args = ['--expose-gc', benchFile('memory-use'), what, String(keys), String(versions)];
  return JSON.parse(await run({ program: process.execPath, args })) as Usage;
}
