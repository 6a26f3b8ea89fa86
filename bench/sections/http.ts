import { Fleet } from '../support/fleet.js';
import { h2load, hasH2load, httpLoad, measured } from '../support/load.js';
import type { Load } from '../support/load.js';
import { WRITER_CORE } from '../support/machine.js';
import { keyFrame, keyValueFrame, valueOf } from '../support/messages.js';
import { fixed, median, percent, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const CALLS = 20_000;
const KEY = 'chave-0000000001';

interface Way {
  readonly name: string;
  readonly insert: () => Promise<{ items: number; seconds: number }>;
  readonly query: () => Promise<{ items: number; seconds: number }>;
}

/** Inserts and queries of one key by gRPC and by HTTP, in turn, at one server that is alone. */
export async function http(rounds: number): Promise<Table[]> {
  if (!hasH2load()) return [];
  const fleet = await Fleet.open('embedded', true);
  try {
    const { port, pid } = await fleet.add(WRITER_CORE);
    const ways = waysTo(port);
    const rows: string[][] = [];
    for (const call of ['insert', 'query'] as const) {
      const loads = ways.map((): Load[] => []);
      for (const way of ways) await way[call]();
      for (let round = 0; round < rounds; round++) {
        for (const [at, way] of ways.entries()) loads[at]?.push(await measured(pid, () => way[call]()));
      }
      const cost = (at: number): number => median((loads[at] ?? []).map(micros));
      for (const [at, { name }] of ways.entries()) {
        const perSecond = median((loads[at] ?? []).map(({ items, seconds }) => items / seconds));
        rows.push([`${call}, ${name}`, whole(perSecond), fixed(cost(at), 1), percent(cost(0) / cost(at))]);
      }
    }
    return [
      {
        title: 'HTTP beside gRPC, 8 connections',
        columns: ['Call', 'calls/s', 'CPU µs/call', 'gRPC ÷ this'],
        rows,
        notes: [
          `${rounds} rounds of ${whole(CALLS)} calls of h2load each, the ways in turn; medians. 32 calls in flight on each connection of HTTP/2, one on those of HTTP/1.1.`,
          'The same key and value. An insert by HTTP is answered with its whole line as JSON, a query with the value and its tag.',
        ],
      },
    ];
  } finally {
    await fleet.close();
  }
}

function waysTo(port: number): readonly Way[] {
  const value = Buffer.from(valueOf(1));
  const target = `/v1/chaves/${KEY}`;
  const byHttp = (name: string, version: '1.1' | '2'): Way => ({
    name,
    insert: () => httpLoad(port, target, CALLS, version, value),
    query: () => httpLoad(port, target, CALLS, version),
  });
  return [
    {
      name: 'gRPC',
      insert: () => h2load(port, '/kvs.KVS/Insere', keyValueFrame(KEY, valueOf(1)), CALLS),
      query: () => h2load(port, '/kvs.KVS/Consulta', keyFrame(KEY), CALLS),
    },
    byHttp('HTTP/2', '2'),
    byHttp('HTTP/1.1', '1.1'),
  ];
}

function micros({ cpuSeconds, items }: Load): number {
  return (1e6 * cpuSeconds) / items;
}
