import { Metadata } from '@grpc/grpc-js';
import { Balancer } from '../../src/client/balancer.js';
import { loadedService, loadProto } from '../../src/doors/grpc/protos.js';
import { Fleet } from '../support/fleet.js';
import { fixed, percentile, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const REQUESTS = 30_000;
const IN_FLIGHT = 32;
const KEY = 'chave-0000000001';

const method = loadedService(loadProto('kvs.proto'), 'kvs.KVS')['Consulta'] as never;

interface Outcome {
  /** Queries answered by each server, in the order of the servers. */
  readonly spread: readonly number[];
  readonly failed: number;
  readonly seconds: number;
  readonly p99Ms: number;
  readonly greatestMs: number;
}

/** How 30,000 queries of one client spread over three servers, and what a kill in the middle costs. */
export async function balance(): Promise<Table[]> {
  const calm = await play(false);
  const killed = await play(true);
  const row = (name: string, { spread, failed, seconds, p99Ms, greatestMs }: Outcome): string[] => [
    name,
    spread.map(whole).join(' / '),
    String(failed),
    whole(REQUESTS / seconds),
    fixed(p99Ms, 1),
    fixed(greatestMs, 1),
  ];
  return [
    {
      title: `${whole(REQUESTS)} queries of one client over three servers`,
      columns: ['', 'answered by each', 'failed', 'queries/s', 'p99 ms', 'greatest ms'],
      rows: [row('all serve', calm), row('the second killed (kill -9) after a third', killed)],
      notes: [
        `One client process, ${IN_FLIGHT} queries in flight, the balancer of src/client; three servers on the embedded broker of the first.`,
        'Every answer is looked at. Nothing was pinned to a core.',
      ],
    },
  ];
}

async function play(kills: boolean): Promise<Outcome> {
  const fleet = await Fleet.open('embedded', false);
  const members = [await fleet.add(), await fleet.add(), await fleet.add()];
  const balancer = new Balancer(
    members.map(({ port }) => ({ host: '127.0.0.1', port })),
    Math.random,
  );
  try {
    await members[0]?.client.insert(KEY, 'valor');
    await fleet.agreed();
    balancer.start();
    const answered = new Map(members.map(({ port }) => [port, 0]));
    const times: number[] = [];
    let failed = 0;
    let asked = 0;
    const startMs = performance.now();
    const worker = async (): Promise<void> => {
      while (asked < REQUESTS) {
        if (++asked === REQUESTS / 3 && kills) process.kill(members[1]?.pid ?? 0, 'SIGKILL');
        const beganMs = performance.now();
        const settled = await balancer.call<object, { readonly valor: string }>({
          ...{ method, request: { chave: KEY }, writes: false, metadata: new Metadata(), timeoutMs: 10_000 },
        });
        times.push(performance.now() - beganMs);
        const { port } = settled.link.address;
        if (settled.ok && settled.reply.valor === 'valor') answered.set(port, (answered.get(port) ?? 0) + 1);
        else failed++;
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    const seconds = (performance.now() - startMs) / 1000;
    const [p99Ms, greatestMs] = [percentile(times, 0.99), percentile(times, 1)];
    return { spread: [...answered.values()], failed, seconds, p99Ms, greatestMs };
  } finally {
    balancer.close();
    await fleet.close();
  }
}
