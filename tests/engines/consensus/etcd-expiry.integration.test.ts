import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemTime } from '../../../src/app/system-time.js';
import { requestId } from '../../../src/client/request-id.js';
import { KvsError } from '../../../src/core/errors.js';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import { EtcdClient } from '../../../src/engines/consensus/etcd-client.js';
import type { Awaitable, Row } from '../../../src/ports/engine.js';
import { collect } from '../../support/collect.js';
import { newToken, startConsensus } from '../../support/consensus.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { askEtcd } from '../../support/etcd-client.js';
import { eventually } from '../../support/eventually.js';
import { verbs } from '../../support/verbs.js';
import { Model } from './model.js';

const SECOND = 1000;
const KEYS = ['a', 'a!', 'b'];
const key = fc.constantFrom(...KEYS);
const version = fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined, freq: 3 });
const ttl = fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined, freq: 3 });

type Operation = { readonly passes: number } & (
  | { readonly kind: 'insert' | 'put'; readonly key: string; readonly ttl: number | undefined }
  | { readonly kind: 'query' | 'remove'; readonly key: string; readonly version: number | undefined }
  | { readonly kind: 'queryAt'; readonly key: string; readonly ago: number }
  | { readonly kind: 'removeAll' | 'trim' | 'history'; readonly key: string }
  | { readonly kind: 'removeLatest'; readonly key: string }
  | { readonly kind: 'snapshot'; readonly version: number | undefined }
  | { readonly kind: 'range'; readonly ago: number | undefined }
  | { readonly kind: 'commit'; readonly key: string; readonly version: number; readonly removes: boolean }
);

const passes = fc.integer({ min: 0, max: 4 });
const ago = fc.integer({ min: 0, max: 20 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ passes, kind: fc.constantFrom('insert', 'put'), key, ttl }) },
  { weight: 4, arbitrary: fc.record({ passes, kind: fc.constantFrom('query', 'remove'), key, version }) },
  { weight: 2, arbitrary: fc.record({ passes, kind: fc.constant('removeLatest'), key }) },
  { weight: 1, arbitrary: fc.record({ passes, kind: fc.constant('queryAt'), key, ago }) },
  { weight: 2, arbitrary: fc.record({ passes, kind: fc.constantFrom('removeAll', 'trim', 'history'), key }) },
  { weight: 1, arbitrary: fc.record({ passes, kind: fc.constant('snapshot'), version }) },
  {
    weight: 1,
    arbitrary: fc.record({ passes, kind: fc.constant('range'), ago: fc.option(ago, { nil: undefined }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ passes, kind: fc.constant('commit'), key, version: fc.integer({ min: 0, max: 4 }) },
      removes: fc.boolean(),
    }),
  },
);

describe.skipIf(!etcdAvailable())('values that expire, over etcd', () => {
  let cluster: EtcdCluster;
  let engines: ConsensusEngine[] = [];

  beforeAll(async () => {
    cluster = await startEtcd();
  }, 90_000);

  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(engines.map((engine) => engine.stop()));
    engines = [];
  });

  afterAll(() => cluster.stop(), 30_000);

  /** A server whose wall clock is ahead by this, or as told. */
  function start(
    clock: () => number = systemTime.wallMs.bind(systemTime),
    options: Parameters<typeof startConsensus>[1] = {},
  ): ConsensusEngine {
    const time = { ...systemTime, wallMs: clock };
    const engine = startConsensus(cluster.addresses, { time, ...options });
    engines.push(engine);
    return engine;
  }
  const insert = (engine: ConsensusEngine, name: string, value: string, ttlMs?: number) =>
    engine.write({ kind: 'insert', key: name, value, ttlMs });
  const valueOf = async (engine: ConsensusEngine, name: string, at?: number) =>
    (await verbs(engine).query(name, at))?.value;

  it('do every operation as a plain map would, over two servers', { timeout: 120_000 }, async () => {
    let run = 0;
    let wallMs = 1_700_000_000_000;
    // Pages of three. No watch: what is remembered of a key is old whenever the other wrote.
    const tuning = { pageHeads: 3, pageRanges: 2, watchRetryMs: 2 ** 31 - 1 };
    const both = [start(() => wallMs, { tuning }), start(() => wallMs, { tuning })];

    const apply = async (engine: ConsensusEngine, prefix: string, op: Done): Promise<unknown> => {
      const all = verbs(engine);
      switch (op.kind) {
        case 'insert':
        case 'put': {
          const ttlMs = op.ttl === undefined ? undefined : op.ttl * SECOND;
          return engine.write({ kind: op.kind, key: prefix + op.key, value: String(wallMs), ttlMs });
        }
        case 'query':
        case 'remove':
          return all[op.kind](prefix + op.key, op.version);
        case 'queryAt':
          return all.queryAt(prefix + op.key, wallMs - op.ago * SECOND);
        case 'removeAll':
        case 'trim':
          return all[op.kind](prefix + op.key);
        case 'history':
          return collect(all.versions(prefix + op.key));
        case 'snapshot':
          return (await collect(all.snapshot(op.version))).filter((row) => row.key.startsWith(prefix));
        case 'range': {
          const timestamp = op.ago === undefined ? undefined : wallMs - op.ago * SECOND;
          return collect(all.range(prefix, `${prefix}~`, timestamp));
        }
        case 'commit':
          return all.commit(commitOf(prefix, op));
      }
    };
    const commitOf = (prefix: string, op: Extract<Done, { kind: 'commit' }>) => ({
      guards: [{ key: prefix + op.key, version: op.version }],
      writes: [
        op.removes
          ? ({ kind: 'removeAll', key: prefix + op.key } as const)
          : ({ kind: 'insert', key: prefix + op.key, value: String(wallMs) } as const),
      ],
    });
    const expected = (model: Model, prefix: string, op: Done): unknown => {
      switch (op.kind) {
        case 'insert':
        case 'put': {
          const ttlMs = op.ttl === undefined ? undefined : op.ttl * SECOND;
          const put = model.put(prefix + op.key, String(wallMs), wallMs, ttlMs);
          const { row } = put;
          return op.kind === 'put' ? put : { version: row.version, timestamp: row.timestamp };
        }
        case 'query':
          return model.query(prefix + op.key, op.version);
        case 'remove':
          return model.remove(prefix + op.key, op.version);
        case 'queryAt':
          return model.queryAt(prefix + op.key, wallMs - op.ago * SECOND);
        case 'removeAll':
        case 'trim':
        case 'history':
          return model[op.kind](prefix + op.key);
        case 'snapshot':
          return model.snapshot(op.version);
        case 'range':
          return model.range(
            prefix,
            `${prefix}~`,
            op.ago === undefined ? undefined : wallMs - op.ago * SECOND,
          );
        case 'commit':
          return model.commit(commitOf(prefix, op), wallMs);
      }
    };

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(operation, fc.nat(1)), { minLength: 20, maxLength: 60 }),
        async (steps) => {
          const prefix = `p${String(++run).padStart(4, '0')}/`;
          const model = new Model(() => wallMs);
          for (const [drawn, which] of steps) {
            wallMs += drawn.passes * SECOND;
            const op = named(drawn, (name) => model.query(prefix + name)?.version);
            const wanted = await settled(() => expected(model, prefix, op));
            const got = await settled(() => apply(both[which]!, prefix, op));
            expect([op, got]).toEqual([op, wanted]);
          }
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
  });

  it('vanish for all servers once it is time for one, and not before', async () => {
    let aheadMs = 0;
    const [right, other] = [start(), start(() => Date.now() + aheadMs)];
    const slow = start(() => Date.now() - 3_600_000);
    await insert(right, 'some', 'antes');
    await insert(right, 'some', 'fica pouco', 60_000);
    for (const engine of engines) expect(await valueOf(engine, 'some')).toBe('fica pouco');
    aheadMs = 61_000;
    expect(await valueOf(other, 'some')).toBeUndefined();
    for (const engine of engines) {
      expect(await valueOf(engine, 'some')).toBeUndefined();
      expect(await valueOf(engine, 'some', 2)).toBe('antes');
      expect(await verbs(engine).commit({ guards: [{ key: 'some', version: 2 }], writes: [] })).toBe(false);
      expect(await verbs(engine).commit({ guards: [{ key: 'some', version: 0 }], writes: [] })).toBe(true);
    }
    expect(await insert(slow, 'some', 'de novo')).toMatchObject({ version: 3 });
    await verbs(slow).remove('some', 3);
    for (const engine of engines) expect(await valueOf(engine, 'some')).toBeUndefined();
    await verbs(slow).remove('some', undefined);
    await expect(verbs(right).remove('some', undefined)).rejects.toMatchObject({ code: 'CHAVE_INEXISTENTE' });
  });

  it('are removed by the replicas if nobody looks', { timeout: 60_000 }, async () => {
    const [right, slow] = [start(), start(() => Date.now() - 3_600_000)];
    await insert(right, 'só', 'antes');
    await verbs(right).put('só', 'fica pouco');
    await right.write({ kind: 'put', key: 'só', value: 'fica menos', ttlMs: 1 });
    expect(await valueOf(slow, 'só')).toBe('fica menos');
    await eventually('its lease ends', async () => (await valueOf(slow, 'só')) === undefined, 40_000);
    const rows = await collect(verbs(slow).versions('só'));
    expect(rows.map(({ version: v }) => v)).toEqual([1, 2]);
    expect(await verbs(slow).query('só', 9)).toMatchObject({ version: 2 });
    expect(await collect(verbs(slow).range('só', 'só', undefined))).toEqual([]);
    expect(await collect(verbs(slow).snapshot(1))).toContainEqual(rows[0]);
    expect(await verbs(slow).put('só', 'novo')).toMatchObject({ row: { version: 4 }, previous: undefined });
  });

  it(
    'live as long as promised over a change of leaders and deaths of servers',
    { timeout: 120_000 },
    async () => {
      const [writer, reader] = [start(), start()];
      const begun = Date.now();
      await insert(writer, 'viva', 'antes');
      const ttlMs = 15_000;
      await insert(writer, 'viva', 'agora', ttlMs);
      await writer.stop();
      engines = engines.filter((engine) => engine !== writer);
      const leader = await cluster.leader();
      await leader.kill9();
      expect(await valueOf(reader, 'viva')).toBe('agora');
      await cluster.heal();
      const aliveMs = Date.now() - begun;
      if (aliveMs < ttlMs - 1_000) expect(await valueOf(reader, 'viva')).toBe('agora');
      await eventually('it is over', async () => (await valueOf(reader, 'viva')) === undefined, 30_000);
      expect(Date.now() - begun).toBeGreaterThanOrEqual(ttlMs);
      // A change of leaders renews the lease: whoever asked has removed the value, so it is late for nobody.
      expect(Date.now() - begun).toBeLessThan(ttlMs + 10_000);
      expect(await valueOf(start(), 'viva')).toBeUndefined();
      expect(await valueOf(reader, 'viva', 1)).toBe('antes');
    },
  );

  it('are answered alike to an attempt that is repeated after their time', async () => {
    let aheadMs = 0;
    const [engine, other] = [start(() => Date.now() + aheadMs), start()];
    const attempt = { id: requestId(Date.now(), newToken()), number: 1 };
    const write = { kind: 'put', key: 'pedida', value: 'valor', ttlMs: 20_000 } as const;
    const made = await engine.write({ ...write, attempt });
    expect(made.row.expiresAt).toBeGreaterThan(Date.now() + 10_000);
    aheadMs = 21_000;
    expect(await valueOf(engine, 'pedida')).toBeUndefined();
    for (const server of [engine, other]) {
      expect(await server.write({ ...write, attempt: { ...attempt, number: 2 } })).toEqual(made);
    }
    expect(await valueOf(other, 'pedida')).toBeUndefined();
    expect(await verbs(other).put('pedida', 'outro')).toMatchObject({ row: { version: 2 } });
  });

  it('are hidden where reads ask no majority, which remove nothing', async () => {
    let aheadMs = 0;
    const local = start(() => Date.now() + aheadMs, { localReads: true });
    const right = start();
    await insert(local, 'local', 'antes');
    await insert(local, 'local', 'agora', 60_000);
    await eventually('its member has it', async () => (await valueOf(local, 'local')) === 'agora');
    aheadMs = 61_000;
    // Members may be behind.
    await eventually('it is hidden', async () => (await valueOf(local, 'local')) === undefined);
    await eventually('what was before is there', async () => (await valueOf(local, 'local', 2)) === 'antes');
    expect((await collect(verbs(local).snapshot(undefined))).some(({ key: k }) => k === 'local')).toBe(false);
    expect(await valueOf(right, 'local')).toBe('agora');
  });

  it('cost keys without them nothing: as many requests as ever', async () => {
    const engine = start();
    await insert(engine, 'expira', 'x', 60_000);
    for (const n of [1, 2, 3]) await insert(engine, 'comum', `valor ${n}`);
    const call = vi.spyOn(EtcdClient.prototype, 'call');
    const cost = async (work: () => Awaitable<unknown>): Promise<number> => {
      call.mockClear();
      await work();
      return call.mock.calls.length;
    };
    const all = verbs(engine);
    expect(await cost(() => all.insert('comum', 'x'))).toBe(1);
    expect(await cost(() => all.put('comum', 'x'))).toBe(1);
    expect(await cost(() => all.query('comum'))).toBe(1);
    expect(await cost(() => all.query('comum', 2))).toBe(2);
    expect(await cost(() => all.queryAt('comum', Date.now()))).toBe(2);
    expect(await cost(() => collect(all.range('comum', 'comum')))).toBe(2);
    expect(await cost(() => all.remove('comum', 2))).toBe(2);
    expect(await cost(() => all.trim('comum'))).toBe(1);
    expect(await cost(() => all.removeAll('comum'))).toBe(1);
    const writes = [{ kind: 'insert', key: 'comum', value: 'x' }] as const;
    expect(await cost(() => all.commit({ guards: [{ key: 'comum', version: 0 }], writes }))).toBe(1);
    // With a time to live, once the first lease is there: the same.
    await insert(engine, 'renovada', 'x', 60_000);
    expect(await cost(() => insert(engine, 'renovada', 'x', 60_000))).toBe(1);
    expect(await cost(() => all.query('renovada'))).toBe(1);
  });

  it('are told to programs of before by the format of the store', async () => {
    await insert(start(), 'formato', 'x', 60_000);
    const { kvs } = await askEtcd(cluster.addresses[0]!, 'KV/Range', { key: Buffer.from('kvs/formato') });
    expect(kvs[0]?.value.toString()).toBe('{"formato":3,"prefixo":"kvs/"}');
    const [engine, other] = [start(), start()];
    const rows: Row[] = [
      await insert(engine, 'formato', 'y', 60_000),
      await insert(other, 'formato', 'z'),
    ].map((place, n) => ({ key: 'formato', value: 'yz'[n]!, ...place }));
    expect(await verbs(engine).query('formato')).toEqual(rows[1]);
  });
});

type Done = Exclude<Operation, { kind: 'removeLatest' }>;

/** The removal of the latest version by its number: what was before it shows, or does not. */
function named(op: Operation, latestOf: (key: string) => number | undefined): Done {
  if (op.kind !== 'removeLatest') return op;
  return { passes: op.passes, kind: 'remove', key: op.key, version: latestOf(op.key) ?? 1 };
}

async function settled(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (thrown) {
    return KvsError.from(thrown).code;
  }
}
