import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { limits } from '../../../src/core/limits.js';
import { decide } from '../../../src/engines/plan.js';
import type { KeyFacts, Step } from '../../../src/engines/plan.js';
import type { PartitionsEngine } from '../../../src/engines/partitions/engine.js';
import type { Answers, KeyWrite, Row } from '../../../src/ports/engine.js';
import { collect } from '../../support/collect.js';
import { eventually } from '../../support/eventually.js';
import { startPartitions } from '../../support/partitions.js';
import { redisAvailable, startRedisCluster } from '../../support/redis-cluster.js';
import type { TestCluster } from '../../support/redis-cluster.js';
import { verbs } from '../../support/verbs.js';

// The terminator of keys, and what they escape; one begins another.
const KEYS = ['a', 'a\0', 'a\0\u0001'];
const version = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom(limits.version - 1, limits.version) },
);
const value = fc.string({ unit: 'binary', maxLength: 12 });
// Past ones, that of a clock far ahead, and the last one there is.
const timestamp = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 20 }) },
  { weight: 2, arbitrary: fc.integer({ min: 4e15, max: 4e15 + 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(limits.timestampMs - 1, limits.timestampMs) },
);

type Change = KeyWrite extends infer W
  ? W extends { readonly key: string }
    ? Omit<W, 'key'>
    : never
  : never;

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('insert' as const, 'put' as const), value }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('remove' as const),
      version: fc.option(version, { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('removeAll' as const, 'trim' as const, 'renew' as const) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('restore' as const),
      version: version.filter((v) => v > 0),
      timestamp,
      value,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('compare' as const),
      expected: version,
      value: fc.option(value, { nil: undefined, freq: 3 }),
    }),
  },
);

/** One key as the plan sees it: what is stored, and what outlives it. */
class PlannedKey {
  rows: Row[] = [];
  private version = 0;
  private timestamp = 0;

  facts(): KeyFacts {
    const { rows } = this;
    return {
      ...{ greatestVersion: this.version, greatestTimestamp: this.timestamp },
      ...{ newest: rows.at(-1), isEmpty: rows.length === 0 },
      has: (asked) => rows.some((row) => row.version === asked),
      holds: (asked) =>
        rows.some(
          (row) =>
            row.version === asked.version && row.timestamp === asked.timestamp && row.value === asked.value,
        ),
    };
  }

  apply(write: KeyWrite, step: Step): void {
    const newest = this.rows.at(-1);
    if (step.kind === 'removeVersion') this.rows = this.rows.filter((row) => row.version !== step.version);
    else if (step.kind === 'removeAll') this.rows = [];
    else if (step.kind === 'keepNewest') this.rows = this.rows.slice(-1);
    else if (step.kind === 'add') {
      const added = 'value' in write ? (write.value ?? '') : (newest?.value ?? '');
      this.rows.push({ key: write.key, value: added, version: step.version, timestamp: step.timestamp });
      this.version = step.version;
      this.timestamp = step.timestamp;
    }
  }
}

/** The timestamp that an answer tells, if the write added a version. */
function stampIn(answer: Answers[KeyWrite['kind']]): number | undefined {
  if (answer === undefined) return undefined;
  if ('row' in answer) return answer.row.timestamp;
  return 'timestamp' in answer ? answer.timestamp : undefined;
}

async function outcome<T>(call: () => T | Promise<T>): Promise<T | string> {
  try {
    return await call();
  } catch (thrown) {
    return KvsError.from(thrown).code;
  }
}

describe.skipIf(!redisAvailable())('the functions of the partitions', () => {
  let cluster: TestCluster;
  let engine: PartitionsEngine;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    engine = await startPartitions(cluster.addresses);
  }, 90_000);

  afterAll(async () => {
    await engine.stop();
    await cluster.stop();
  });

  it('decide what the plan of all engines decides', { timeout: 120_000 }, async () => {
    let run = 0;
    const steps = fc.array(fc.tuple(change, fc.constantFrom(...KEYS)), { minLength: 8, maxLength: 40 });
    const asThePlan = async (changes: readonly (readonly [Change, string])[]): Promise<void> => {
      const prefix = `p${String(++run)}/`;
      const planned = new Map(KEYS.map((key) => [key, new PlannedKey()]));
      for (const [one, name] of changes) {
        const write = { ...one, key: prefix + name } as KeyWrite;
        const key = planned.get(name)!;
        const facts = key.facts();
        const answer = await outcome(
          () => engine.write(write as never) as Promise<Answers[KeyWrite['kind']]>,
        );
        // The clock is the master's: what the answer tells, where it tells one; it is later than all that there is or one more.
        const found = await collect(verbs(engine).versions(write.key));
        const stamp = typeof answer === 'string' ? undefined : (stampIn(answer) ?? found.at(-1)?.timestamp);
        const step = await outcome(() => decide(write, facts, stamp ?? Date.now()));
        if (typeof step === 'string') expect(answer, JSON.stringify(write)).toBe(step);
        else {
          expect(typeof answer, JSON.stringify(write)).not.toBe('string');
          key.apply(write, step);
        }
        expect(found, JSON.stringify(write)).toEqual(key.rows);
        expect(await verbs(engine).query(write.key)).toEqual(key.rows.at(-1));
      }
    };
    await fc.assert(fc.asyncProperty(steps, asThePlan), { numRuns: 60, endOnFailure: true });
  });

  it(
    'find by version and by instant what is there, however many versions there are',
    { timeout: 60_000 },
    async () => {
      const key = 'muitas';
      const rows = Array.from({ length: 300 }, (_, i): Row => ({
        key,
        value: `v${i}`,
        version: 2 * i + 1,
        timestamp: 10 * (i + 1),
      }));
      for (const row of rows) await verbs(engine).restore(row);
      for (let i = 0; i < 40; i++) {
        const at = (i * 7919) % 3_100;
        expect(await verbs(engine).queryAt(key, at)).toEqual(rows.findLast((row) => row.timestamp <= at));
        const version = (i * 104_729) % 640;
        expect(await verbs(engine).query(key, version)).toEqual(
          rows.findLast((row) => row.version <= version),
        );
        const line = await engine.read({ kind: 'line', key, back: i * 9 });
        expect(line?.version).toBe(rows.at(-1 - i * 9)?.version);
      }
    },
  );

  it('walk over all there is, where nodes leave some partitions of a question for another', async () => {
    const names = Array.from({ length: 9_000 }, (_, n) => `andar/${String(n).padStart(5, '0')}`);
    for (let at = 0; at < names.length; at += 500)
      await Promise.all(names.slice(at, at + 500).map((name) => verbs(engine).insert(name, 'v')));
    // Some have so many versions that one page has not all of them.
    const crowded = names[17]!;
    for (let n = 0; n < 40; n++) await verbs(engine).insert(crowded, 'v');
    const mine = <T extends { readonly key: string }>(rows: readonly T[]): T[] =>
      rows.filter(({ key }) => key.startsWith('andar/'));
    const listed = await collect(engine.scan({ kind: 'list', prefix: 'andar/' }));
    expect(listed.map(({ key }) => key)).toEqual(names);
    const shown = mine(await collect(verbs(engine).snapshot()));
    expect(shown.map(({ key }) => key).sort()).toEqual(names);
    const all = mine(await collect(verbs(engine).everything()));
    expect(all.map(({ key, version }) => `${key} ${version}`).sort()).toEqual(
      [
        ...names.map((name) => `${name} 1`),
        ...Array.from({ length: 40 }, (_, n) => `${crowded} ${n + 2}`),
      ].sort(),
    );
    const counts = await collect(engine.scan({ kind: 'count', prefix: 'andar/' }));
    expect(counts.reduce((sum, { keys }) => sum + keys, 0)).toBe(names.length);
    expect(counts.reduce((sum, { versions }) => sum + versions, 0)).toBe(names.length + 40);
  });

  it('are not taken for undone, nor done twice, where the answer of a node is lost', async () => {
    const long = 'v'.repeat(60_000);
    // Whoever's answer is longer loses its connection, once the function is done.
    const limited = (most: string): Promise<unknown> =>
      Promise.all(
        cluster.nodes.map((node) =>
          node.ask('CONFIG', 'SET', 'client-output-buffer-limit', `normal ${most} 0 0`),
        ),
      );
    for (const key of ['trocada', 'removida']) await verbs(engine).insert(key, long);
    await limited('1024');
    try {
      // Both tell what there was.
      const lost = [
        () => verbs(engine).put('trocada', 'depois'),
        () => verbs(engine).removeAll('removida'),
      ] as const;
      for (const write of lost) expect(await outcome<unknown>(write)).toBe('RESULTADO_DESCONHECIDO');
    } finally {
      await limited('0');
    }
    await eventually('its masters are there again', async () => {
      const rows = await collect(verbs(engine).versions('trocada'));
      expect(rows.map(({ version, value }) => [version, value])).toEqual([
        [1, long],
        [2, 'depois'],
      ]);
      return true;
    });
    expect(await verbs(engine).query('removida')).toBeUndefined();
    expect((await verbs(engine).insert('removida', 'de novo')).version).toBe(2);
  });

  it('keep the longest keys and values', async () => {
    const key = '\0'.repeat(limits.keyBytes);
    const text = 'ã'.repeat(limits.valueBytes / 2);
    for (const number of [1, 2])
      expect(await verbs(engine).insert(key, text)).toMatchObject({ version: number });
    expect(await verbs(engine).query(key)).toMatchObject({ key, value: text, version: 2 });
    expect(await collect(engine.scan({ kind: 'list', prefix: '\0\0' }))).toMatchObject([
      { key, value: text },
    ]);
    expect(await verbs(engine).removeAll(key)).toMatchObject({ key, value: text, version: 2 });
  });
});
