import { describe, expect, it, type TestContext } from 'vitest';
import type { Engine } from '../../src/ports/engine.js';
import type { KeyRange, Line, List } from '../../src/ports/lines.js';
import { collect } from '../support/collect.js';
import { keysInRange } from '../support/keys-in-range.js';
import { SeededRandom } from '../support/sim-random.js';
import { verbs } from '../support/verbs.js';
import type { Bench } from './conformance.js';
import { allAtOnce, insertAll, letExpire, serversOf, ttlMsOf } from './support.js';

/** More keys than any engine reads at once. */
const PAGED_KEYS = 300;

/** Combinations of what a range may be bounded by that are tried. */
const COMBINATIONS = 150;

/** Suffixes of keys, of which some begin others; by UTF-16 units the emoji would come before three of them. */
const SUFFIXES = [
  ...[
    '',
    '\0',
    '!',
    'A',
    'a',
    'a!',
    'a!b',
    'a\uffff',
    'aa',
    'ab',
    'b',
    'z',
    'é',
    '\ud7ff',
    '\ue000',
    '\uffff',
  ],
  ...['😀', '😀a', '😁', '\u{10ffff}'],
];

async function list(engine: Engine, range: Omit<List, 'kind'>): Promise<Line[]> {
  return collect(engine.scan({ kind: 'list', ...range }));
}

async function count(engine: Engine, range: KeyRange): Promise<{ keys: number; versions: number }> {
  const total = { keys: 0, versions: 0 };
  for (const { keys, versions } of await collect(engine.scan({ kind: 'count', ...range }))) {
    total.keys += keys;
    total.versions += versions;
  }
  return total;
}

function keysOf(lines: readonly Line[]): string[] {
  return lines.map(({ key }) => key);
}

/** Keys in order by prefix and bounds, page by page, and how many there are. */
export function listsSection(bench: Bench): void {
  describe('lists', () => {
    /** Keys of all suffixes, with as many versions as their place in the order, up to three. */
    const fill = async (): Promise<{ readonly base: string; readonly keys: readonly string[] }> => {
      const base = bench.key();
      const keys = SUFFIXES.map((suffix) => base + suffix);
      for (const [i, key] of [...keys].reverse().entries()) {
        await insertAll(bench.engine, key, ['a', 'b', 'c'].slice(0, 1 + (i % 3)));
      }
      await bench.open.settle();
      return { base, keys };
    };

    it('satisfy all that is asked, in the order of code points, and are counted alike', async () => {
      const { base, keys } = await fill();
      const random = new SeededRandom(20_261_127);
      const one = <T>(all: readonly T[]): T => all[Math.floor(random.next() * all.length)]!;
      // Bounds that no key has, and the first half of a character, which only a prefix may be.
      const bounds = [undefined, undefined, ...SUFFIXES, 'a"', '\u{1f600}\0', '~~', '\u{10fffe}'];
      const prefixes = ['', '', ...SUFFIXES, '\ud83d', 'zz', 'a!bc', '\u{10ffff}\u{10ffff}'];
      const bound = (): string | undefined => {
        const suffix = one(bounds);
        return suffix === undefined ? undefined : base + suffix;
      };
      for (let i = 0; i < COMBINATIONS; i++) {
        const range = { prefix: base + one(prefixes), from: bound(), to: bound(), after: bound() };
        const engine = one(serversOf(bench));
        const wanted = keysInRange(keys, range);
        const lines = await list(engine, range);
        expect(keysOf(lines), JSON.stringify(range)).toEqual(wanted);
        const versions = lines.reduce((sum, { version }) => sum + version, 0);
        expect(await count(engine, range), JSON.stringify(range)).toEqual({ keys: wanted.length, versions });
      }
    });

    it('need no prefix, and take one that is empty or longer than any key', async () => {
      const { base, keys } = await fill();
      const [from, to] = [base, `${base}\u{10ffff}`];
      const sorted = keysInRange(keys, {});
      for (const engine of serversOf(bench)) {
        expect(keysOf(await list(engine, { from, to }))).toEqual(sorted);
        expect(keysOf(await list(engine, { prefix: '', from, to }))).toEqual(sorted);
        expect(await list(engine, { prefix: `${base}${'a'.repeat(10_000)}` })).toEqual([]);
        expect(await list(engine, { prefix: base, from: `${base}b`, to: `${base}a` })).toEqual([]);
        expect(await list(engine, { prefix: base, from: '', to: base.slice(0, -1) })).toEqual([]);
        expect(await list(engine, { prefix: base, after: `${base}\u{10ffff}` })).toEqual([]);
        expect(keysOf(await list(engine, { prefix: base, after: '' }))).toEqual(sorted);
        expect(await count(engine, { prefix: `${base}none` })).toEqual({ keys: 0, versions: 0 });
      }
    });

    it('go on after the last key of the page before, also where that has gone', async () => {
      const { base, keys } = await fill();
      const sorted = keysInRange(keys, {});
      for (const engine of serversOf(bench)) {
        for (const size of [1, 3, 7]) {
          const seen: string[] = [];
          for (let after: string | undefined; ;) {
            const page: string[] = [];
            for await (const line of engine.scan({ kind: 'list', prefix: base, after })) {
              if (line !== undefined) page.push(line.key);
              if (page.length === size) break;
            }
            seen.push(...page);
            if (page.length < size) break;
            after = page.at(-1);
          }
          expect(seen).toEqual(sorted);
        }
      }
      const [first, second, third] = sorted as [string, string, string];
      await verbs(bench.engine).remove(second);
      const rest = await list(bench.engine, { prefix: base, after: second });
      expect(rest[0]?.key).toBe(third);
      expect(keysOf(await list(bench.engine, { prefix: base, to: third }))).toEqual([first, third]);
    });

    it('show the latest version of each key, or that of a version or an instant', async () => {
      const base = bench.key();
      const rows = {
        a: await insertAll(bench.engine, `${base}a`, ['a1', 'a2', 'a3']),
        b: await insertAll(bench.engine, `${base}b`, ['b1']),
        c: await insertAll(bench.engine, `${base}c`, ['c1', 'c2']),
        gone: await insertAll(bench.engine, `${base}d`, ['d1', 'd2']),
      };
      await verbs(bench.engine).remove(`${base}c`, 1);
      await verbs(bench.engine).remove(`${base}d`);
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        const shown = async (at: Omit<List, 'kind'>): Promise<(readonly [string, boolean])[]> =>
          (await list(engine, { prefix: base, ...at })).map(({ value, isHead }) => [value, isHead] as const);
        const latest = [['a3', true], ['b1', true], ['c2', true]]; // prettier-ignore
        expect(await shown({})).toEqual(latest);
        expect(await shown({ version: 2 ** 31 - 1 })).toEqual(latest);
        expect(await shown({ version: 2 })).toEqual([['a2', false], ['b1', true], ['c2', true]]); // prettier-ignore
        expect(await shown({ version: 1 })).toEqual([['a1', false], ['b1', true]]); // prettier-ignore
        expect(await shown({ version: 0 })).toEqual([]);
        // Keys written within a millisecond have the same time, so each is asked alone.
        for (const { timestamp } of [...rows.a, ...rows.c]) {
          const alone = await allAtOnce(4, (i) =>
            engine.read({ kind: 'line', key: base + 'abcd'.charAt(i), timestamp }),
          );
          expect(await list(engine, { prefix: base, timestamp })).toEqual(
            alone.filter((one) => one !== undefined),
          );
        }
        expect(await shown({ timestamp: rows.a[0]!.timestamp - 1 })).toEqual([]);
        expect(await shown({ timestamp: rows.gone[1]!.timestamp + 10 })).toEqual(latest);
        expect((await list(engine, { prefix: base, version: 2 }))[0]).toMatchObject({
          ...rows.a[1],
          ...{ isSibling: false, isStable: expect.any(Boolean) as boolean },
        });
        expect(await count(engine, { prefix: base })).toEqual({ keys: 3, versions: 5 });
      }
    });

    it('walk more keys than are read at once, and may be left early', async () => {
      const base = bench.key();
      const keys = Array.from({ length: PAGED_KEYS }, (_, i) => `${base}/${String(i).padStart(4, '0')}`);
      await allAtOnce(PAGED_KEYS, (i) => verbs(bench.engine).insert(keys[i]!, 'v'));
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        expect(keysOf(await list(engine, { prefix: `${base}/` }))).toEqual(keys);
        expect(await count(engine, { prefix: `${base}/` })).toEqual({
          keys: PAGED_KEYS,
          versions: PAGED_KEYS,
        });
        for await (const first of engine.scan({ kind: 'list', prefix: `${base}/` })) {
          if (first === undefined) continue;
          expect(first.key).toBe(keys[0]);
          break;
        }
      }
    });

    it('show siblings once, by the last of them', async (context: TestContext) => {
      const [engine, second] = serversOf(bench);
      context.skip(!engine.capabilities.heads || engine === second, 'nothing is written concurrently');
      const key = bench.key();
      const together = (): Promise<unknown> =>
        Promise.all([verbs(engine).insert(key, 'um'), verbs(second).insert(key, 'outro')]);
      await (bench.open.apart?.(together) ?? together());
      await bench.open.settle();
      for (const server of serversOf(bench)) {
        const latest = await server.read({ kind: 'line', key });
        const listed = await list(server, { prefix: key });
        expect(listed).toMatchObject([{ value: latest?.value, isHead: true, isSibling: true }]);
        expect(await count(server, { prefix: key })).toEqual({ keys: 1, versions: 2 });
      }
    });

    it('leave out keys whose latest version has expired, but as of an older one', async (context) => {
      context.skip(bench.engine.capabilities.expires !== true, 'nothing expires');
      const base = bench.key();
      const ttlMs = ttlMsOf(bench);
      await insertAll(bench.engine, `${base}a`, ['antes']);
      await bench.engine.write({ kind: 'insert', key: `${base}a`, value: 'passa', ttlMs });
      await bench.engine.write({ kind: 'insert', key: `${base}b`, value: 'passa', ttlMs });
      await bench.engine.write({ kind: 'insert', key: `${base}c`, value: 'passa', ttlMs });
      await insertAll(bench.engine, `${base}c`, ['fica']);
      await insertAll(bench.engine, `${base}d`, ['fica']);
      await bench.open.settle();
      for (const engine of serversOf(bench))
        expect(await count(engine, { prefix: base })).toEqual({ keys: 4, versions: 6 });
      await letExpire(bench);
      for (const engine of serversOf(bench)) {
        expect(keysOf(await list(engine, { prefix: base }))).toEqual([`${base}c`, `${base}d`]);
        expect(await count(engine, { prefix: base })).toEqual({ keys: 2, versions: 2 });
        expect(await list(engine, { prefix: base, version: 1 })).toMatchObject([
          { key: `${base}a`, value: 'antes', isHead: false },
          { key: `${base}d`, value: 'fica', isHead: true },
        ]);
      }
    });
  });
}
