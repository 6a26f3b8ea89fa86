import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemTime } from '../../../src/app/system-time.js';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import { KvsError } from '../../../src/core/errors.js';
import { limits } from '../../../src/core/limits.js';
import { startConsensus } from '../../support/consensus.js';
import { collect } from '../../support/collect.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { Model } from './model.js';
import { verbs } from '../../support/verbs.js';

// Keys that are prefixes of each other, hold what the layout escapes, or sort differently by UTF-16 unit.
const KEYS = ['', 'a', 'a!', 'a!0', 'a%21', 'a"', '%', '!', 'ção', '\uffee', '😀', 'a\0'];
// Some more often, so that both servers come back to one key again and again.
const key = fc.oneof({ weight: 2, arbitrary: fc.constantFrom('a', 'a!') }, fc.constantFrom(...KEYS));
const version = fc.option(fc.oneof(fc.integer({ min: -1, max: 6 }), fc.constant(limits.version)), {
  nil: undefined,
  freq: 3,
});
const wall = fc.integer({ min: 1, max: 40 });

type Operation =
  | { readonly kind: 'insert' | 'put'; readonly key: string; readonly value: string; readonly wallMs: number }
  | { readonly kind: 'query' | 'remove'; readonly key: string; readonly version: number | undefined }
  | { readonly kind: 'queryAt'; readonly key: string; readonly timestamp: number | undefined }
  | { readonly kind: 'removeAll' | 'trim'; readonly key: string }
  | { readonly kind: 'snapshot'; readonly version: number | undefined }
  | {
      readonly kind: 'range';
      readonly from: string;
      readonly to: string;
      readonly timestamp: number | undefined;
    };

const timestamp = fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined, freq: 3 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('insert', 'put'),
      key,
      value: fc.string({ unit: 'binary' }),
      wallMs: wall,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('query', 'remove'), key, version }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('queryAt'), key, timestamp }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('removeAll', 'trim'), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('snapshot'), version }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('range'), from: key, to: key, timestamp }) },
);

describe.skipIf(!etcdAvailable())('the consensus engine on etcd', () => {
  let cluster: EtcdCluster;
  let wallMs = 1;
  let engines: readonly ConsensusEngine[] = [];

  beforeAll(async () => {
    cluster = await startEtcd();
    const time = { ...systemTime, wallMs: () => wallMs };
    // Pages of three, so that a walk has several. No watch: what is remembered of a key is old whenever the other wrote.
    const tuning = { pageHeads: 3, pageRanges: 2, watchRetryMs: 2 ** 31 - 1 };
    engines = [1, 2].map(() => startConsensus(cluster.addresses, { time, tuning }));
  }, 90_000);

  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    await cluster.stop();
  });

  /** Prefixes keep the runs of one cluster apart, and in their order. */
  async function apply(engine: ConsensusEngine, prefix: string, op: Operation): Promise<unknown> {
    switch (op.kind) {
      case 'insert':
      case 'put':
        wallMs = op.wallMs;
        return verbs(engine)[op.kind](prefix + op.key, op.value);
      case 'query':
        return verbs(engine).query(prefix + op.key, op.version);
      case 'remove':
        return verbs(engine).remove(prefix + op.key, op.version);
      case 'queryAt':
        return verbs(engine).queryAt(prefix + op.key, op.timestamp);
      case 'removeAll':
      case 'trim':
        return verbs(engine)[op.kind](prefix + op.key);
      case 'snapshot': {
        const rows = await collect(verbs(engine).snapshot(op.version));
        return rows.filter((row) => row.key.startsWith(prefix));
      }
      case 'range':
        return collect(verbs(engine).range(prefix + op.from, prefix + op.to, op.timestamp));
    }
  }

  function expected(model: Model, prefix: string, op: Operation): unknown {
    switch (op.kind) {
      case 'insert': {
        const { row } = model.put(prefix + op.key, op.value, op.wallMs);
        return { version: row.version, timestamp: row.timestamp };
      }
      case 'put':
        return model.put(prefix + op.key, op.value, op.wallMs);
      case 'query':
        return model.query(prefix + op.key, op.version);
      case 'remove':
        return model.remove(prefix + op.key, op.version);
      case 'queryAt':
        return model.queryAt(prefix + op.key, op.timestamp);
      case 'removeAll':
      case 'trim':
        return model[op.kind](prefix + op.key);
      case 'snapshot':
        return model.snapshot(op.version);
      case 'range':
        return model.range(prefix + op.from, prefix + op.to, op.timestamp);
    }
  }

  const settled = async (work: () => unknown): Promise<unknown> => {
    try {
      return await work();
    } catch (thrown) {
      return KvsError.from(thrown).code;
    }
  };

  it('does every operation as a plain map would, over two servers', { timeout: 120_000 }, async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(operation, fc.nat(1)), { minLength: 10, maxLength: 40 }),
        async (steps) => {
          const prefix = `p${String(++run).padStart(4, '0')}/`;
          const model = new Model();
          for (const [op, which] of steps) {
            const wanted = await settled(() => expected(model, prefix, op));
            const got = await settled(() => apply(engines[which]!, prefix, op));
            expect([op, got]).toEqual([op, wanted]);
          }
        },
      ),
      { numRuns: 20, endOnFailure: true },
    );
  });

  it('believes no memory of what another server has changed since', async () => {
    const [engine, other] = engines as [ConsensusEngine, ConsensusEngine];
    await verbs(engine).insert('lembrada', 'um');
    const { row } = await verbs(other).put('lembrada', 'dois');
    expect(await verbs(engine).query('lembrada', undefined)).toEqual(row);
    await verbs(other).removeAll('lembrada');
    expect(await verbs(engine).query('lembrada', undefined)).toBeUndefined();
    expect(await verbs(engine).removeAll('lembrada')).toBeUndefined();
    // Now it remembers that there is nothing.
    const { row: third } = await verbs(other).put('lembrada', 'três');
    expect(await verbs(engine).trim('lembrada')).toEqual(third);
    await verbs(other).removeAll('lembrada');
    expect(await verbs(engine).query('lembrada', undefined)).toBeUndefined();
    const { row: fourth } = await verbs(other).put('lembrada', 'quatro');
    expect(await verbs(engine).removeAll('lembrada')).toEqual(fourth);
  });

  it('keeps the longest keys and values, full of what is escaped', { timeout: 60_000 }, async () => {
    const [engine] = engines as [ConsensusEngine];
    const longKey = '!'.repeat(limits.keyBytes);
    const longValue = '\u0001'.repeat(limits.valueBytes);
    wallMs = 5;
    for (const version of [1, 2, 3])
      expect(await verbs(engine).insert(longKey, longValue)).toMatchObject({ version });
    const newest = { key: longKey, value: longValue, version: 3, timestamp: 7 };
    expect(await verbs(engine).query(longKey, 3)).toEqual(newest);
    expect(await verbs(engine).trim(longKey)).toEqual(newest);
    expect(await verbs(engine).query(longKey, 2)).toBeUndefined();
    expect(await collect(verbs(engine).range(longKey, longKey, undefined))).toEqual([
      { key: longKey, row: newest },
    ]);
    expect(await verbs(engine).removeAll(longKey)).toEqual(newest);
  });

  it('counts 1 … n over two servers with sixteen writers on one key', { timeout: 120_000 }, async () => {
    wallMs = 1_000;
    const each = 5;
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      const engine = engines[writer % 2]!;
      const made: { version: number; timestamp: number; value: string }[] = [];
      for (let n = 0; n < each; n++) {
        const value = `${writer}/${n}`;
        made.push({ ...(await verbs(engine).insert('disputada', value)), value });
      }
      // A writer sees its own writes in order.
      expect(made.map(({ version: v }) => v)).toEqual(made.map(({ version: v }) => v).sort((a, b) => a - b));
      return made;
    });
    const made = (await Promise.all(writers)).flat().sort((a, b) => a.version - b.version);
    expect(made.map(({ version: v }) => v)).toEqual(made.map((_, index) => index + 1));
    expect(made.map(({ timestamp: t }) => t)).toEqual(made.map((_, index) => 1_000 + index));
    for (const { version: v, value } of made.filter((_, index) => index % 9 === 0)) {
      expect(await verbs(engines[v % 2]!).query('disputada', v)).toMatchObject({ version: v, value });
    }
  });

  it('tells what every put replaced, exactly once, however many write', { timeout: 60_000 }, async () => {
    const puts = await Promise.all(
      Array.from({ length: 12 }, (_, n) => verbs(engines[n % 2]!).put('trocada', `valor ${n}`)),
    );
    const sorted = puts.sort((a, b) => a.row.version - b.row.version);
    expect(sorted.map(({ previous }) => previous)).toEqual([
      undefined,
      ...sorted.slice(0, -1).map(({ row }) => row),
    ]);
  });

  it('walks the state of one moment, however much is written meanwhile', { timeout: 60_000 }, async () => {
    const [engine, other] = engines as [ConsensusEngine, ConsensusEngine];
    const names = Array.from({ length: 10 }, (_, n) => `walk/${n}`);
    for (const name of names) await verbs(engine).insert(name, 'antes');
    const seen: string[] = [];
    for await (const item of verbs(engine).range('walk/', 'walk/~', undefined)) {
      if (seen.length === 0) for (const name of names) await verbs(other).put(name, 'depois');
      if (item?.row) seen.push(item.row.value);
    }
    expect(seen).toEqual(names.map(() => 'antes'));
  });

  it('declares what it promises', async () => {
    const [engine] = engines as [ConsensusEngine];
    expect(engine.capabilities).toEqual({
      ...{ heads: false, linearizable: true, durable: true, commits: 'everywhere' },
      ...{ remembersRequests: true, everything: true, restores: false, expires: true },
      ...{ compares: true, watches: true },
    });
    await eventually('health', () => engine.available);
  });

  it('holds the claim of the retention, also when it asks for it twice at once', async () => {
    const [engine, other] = engines as [ConsensusEngine, ConsensusEngine];
    expect(await engine.keepsRetention()).toBe(true);
    for (let n = 0; n < 5; n++) {
      const asked = [engine, engine, other].map((one) => one.keepsRetention());
      expect(await Promise.all(asked)).toEqual([true, true, false]);
    }
  });

  it('says that it stops once it was stopped', async () => {
    const engine = startConsensus(cluster.addresses);
    await verbs(engine).insert('parado', 'valor');
    await engine.stop();
    await expect(verbs(engine).insert('parado', 'valor')).rejects.toMatchObject({ code: 'SERVIDOR_SAINDO' });
    await expect(verbs(engine).query('parado', undefined)).rejects.toMatchObject({ code: 'SERVIDOR_SAINDO' });
  });
});
