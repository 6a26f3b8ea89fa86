import { Fleet, hasMosquitto } from '../support/fleet.js';
import type { Member } from '../support/fleet.js';
import { valueOf } from '../support/messages.js';
import { pause } from '../support/processes.js';
import { fixed, percentile } from '../support/stats.js';
import type { Table } from '../support/table.js';

const SAMPLES = 1000;
const WARM_UP_SAMPLES = 200;
const INTERVAL_MS = 5;

interface Sample {
  readonly lagMs: number;
  /** One query of the other server, answered. */
  readonly queryMs: number;
}

/** Time from one server's answer to an insert until another server answers a query with it. */
export async function lag(): Promise<Table[]> {
  const rows: string[][] = [];
  if (hasMosquitto()) rows.push(...(await play('mosquitto')));
  rows.push(...(await play('embedded')));
  return [
    {
      title: 'Replication lag, from one server’s answer to visibility on another',
      columns: ['Path', 'p50 ms', 'p90 ms', 'p99 ms', 'greatest ms', 'one query alone, p50 ms'],
      rows,
      notes: [
        `Two servers. ${SAMPLES} inserts of new keys, one each ${INTERVAL_MS} ms (200/s), by one client process with a connection to each server.`,
        'After the answer of the first, it queries the second back to back; the time ends when an answer with the value is here. So each figure includes at least one query, and nothing is subtracted.',
        'Nothing was pinned to a core.',
      ],
    },
  ];
}

async function play(kind: 'mosquitto' | 'embedded'): Promise<string[][]> {
  const fleet = await Fleet.open(kind, false);
  try {
    const first = await fleet.add();
    const second = await fleet.add();
    if (kind === 'mosquitto') return [await path('Mosquitto', first, second)];
    return [
      await path('embedded broker, insert where it runs', first, second),
      await path('embedded broker, insert on the other server', second, first),
    ];
  } finally {
    await fleet.close();
  }
}

async function path(name: string, from: Member, to: Member): Promise<string[]> {
  await sample(from, to, `${name}-antes`, WARM_UP_SAMPLES);
  const samples = await sample(from, to, name, SAMPLES);
  const lags = samples.map(({ lagMs }) => lagMs);
  const queries = samples.map(({ queryMs }) => queryMs);
  const at = (share: number): string => fixed(percentile(lags, share), 2);
  return [name, at(0.5), at(0.9), at(0.99), at(1), fixed(percentile(queries, 0.5), 2)];
}

async function sample(from: Member, to: Member, prefix: string, count: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  let nextMs = performance.now();
  for (let i = 0; i < count; i++) {
    const key = `${prefix}-${i}`;
    if ((await from.client.insert(key, valueOf(i))) !== 1) throw new Error('the insert was refused');
    const answeredMs = performance.now();
    while ((await to.client.latest(key)) !== 1);
    const visibleMs = performance.now();
    await to.client.latest(key);
    samples.push({ lagMs: visibleMs - answeredMs, queryMs: performance.now() - visibleMs });
    nextMs += INTERVAL_MS;
    if (nextMs > performance.now()) await pause(nextMs - performance.now());
    else nextMs = performance.now();
  }
  return samples;
}
