import { describe, expect, it } from 'vitest';
import { checkHistory } from '../support/linearizability/check.js';
import { bruteForce } from '../support/linearizability/brute-force.js';
import type { Operation } from '../support/linearizability/history.js';
import { census, vacuous } from '../support/linearizability/recorder.js';
import { SearchLimit } from '../support/linearizability/search.js';
import { at, right, row, wrong } from './named.js';

describe('histories that are linearizable', () => {
  it.each(Object.entries(right))('%s', (_, history) => {
    expect(checkHistory(history)).toMatchObject({ linearizable: true });
  });
});

describe('histories that are not', () => {
  it.each(Object.entries(wrong))('%s', (_, history) => {
    expect(checkHistory(history)).toMatchObject({ linearizable: false, key: 'k' });
  });
});

it('trying every order comes to the same', () => {
  const judged = ([name, history]: [string, readonly Operation[]]): unknown => [
    name,
    bruteForce(history, 60),
  ];
  // Those it can do: whole answers, one key, a few operations.
  const whole = Object.entries(right).filter(([name]) => !/^(answers that|keys do|one after)/.test(name));
  expect(whole.map(judged)).toEqual(whole.map(([name]) => [name, true]));
  const known = Object.entries(wrong);
  expect(known.map(judged)).toEqual(known.map(([name]) => [name, false]));
});

/** Writers of one key, one after the other. */
function inserts(count: number): Operation[] {
  return Array.from({ length: count }, (_, n) => at(10 * n, 10 * n + 1).insert(`x${n + 1}`, n + 1));
}

describe('what it tells', () => {
  it('the shortest beginning that is wrong, as a table', () => {
    const history = [
      ...inserts(20),
      at(194, 195).unknown({ kind: 'removeAll' }),
      at(196, 250).get(row('x20', 20)),
      at(197, 198).get(row('x18', 18)),
      // Right, and after the mistake.
      at(260, 261).get(row('x20', 20)),
    ];
    const verdict = checkHistory(history);
    if (verdict.linearizable) throw new Error('not found');
    expect(verdict.prefix).toHaveLength(22);
    expect(verdict.explanation).toMatchInlineSnapshot(`
      "key "k": no order of these 22 operations explains their answers
      the longest that does has 20, 12 before these:
        client  called  returned  operation   answer
        c120    120     121       insert x13  made v13 t130
        c130    130     131       insert x14  made v14 t140
        c140    140     141       insert x15  made v15 t150
        c150    150     151       insert x16  made v16 t160
        c160    160     161       insert x17  made v17 t170
        c170    170     171       insert x18  made v18 t180
        c180    180     181       insert x19  made v19 t190
        c190    190     191       insert x20  made v20 t200
      then the key holds …, x17 v17 t170, x18 v18 t180, x19 v19 t190, x20 v20 t200 (greatest version ever: 20), and none of these can follow:
        client  called  returned  operation  answer
        c194    194     ?         removeAll  unknown
        c197    197     198       get        x18 v18 t180"
    `);
  });

  it('the key that is wrong', () => {
    const history = [at(0, 1, 'good').insert('a', 1), at(0, 1, 'bad').insert('a', 2)];
    expect(checkHistory(history)).toMatchObject({ linearizable: false, key: 'bad' });
  });

  it('that it gave up', () => {
    expect(() => checkHistory(inserts(20), 10)).toThrow(SearchLimit);
    expect(() => checkHistory(inserts(20), 10)).toThrow(/gave up after 10 configurations of 20 operations/);
  });

  it('that a value is written twice', () => {
    const history = [at(0, 1).insert('a', 1), at(2, 3).insert('a', 2)];
    expect(() => checkHistory(history)).toThrow('"a" is written twice');
  });
});

describe('effort', () => {
  it('many clients at once for a long time', () => {
    // Ten at a time, all overlapping, told their versions backwards.
    const history = Array.from({ length: 800 }, (_, n) => {
      const round = Math.floor(n / 10);
      const version = 10 * round + 10 - (n % 10);
      return at(100 * round + (n % 10), 100 * round + 50 + (n % 10)).insert(`x${n}`, version);
    });
    const verdict = checkHistory(history);
    expect(verdict).toMatchObject({ linearizable: true });
    expect(verdict.linearizable && verdict.configurations).toBeLessThan(10_000);
  });

  it('many outcomes that are unknown', () => {
    const lost = Array.from({ length: 20 }, (_, n) => [
      at(n / 100, 5).unknown({ kind: 'insert', value: `y${n}` }),
      at(n / 100, 5).unknown({ kind: 'removeAll' }),
    ]).flat();
    // Half of them were done, as the numbers tell.
    const told = Array.from({ length: 10 }, (_, n) => at(10 + n, 10.5 + n).insert(`x${n}`, 2 * n + 2));
    expect(checkHistory([...lost, ...told])).toMatchObject({ linearizable: true });
    const tooMany = at(40, 41).insert('last', 60);
    expect(checkHistory([...lost, ...told, tooMany])).toMatchObject({ linearizable: false });
  });
});

describe('what a run must have seen', () => {
  const busy = [
    at(0, 5).insert('a', 1),
    at(1, 6).get(row('a', 1)),
    at(7, 8).unknown({ kind: 'insert', value: 'b' }),
    at(9, 10).get(row('b', 2)),
    at(11, 12).failed({ kind: 'trim' }),
  ];

  it('counts', () => {
    expect(census(busy)).toEqual({ answered: 3, failed: 1, unknown: 1, unknownSeen: 1, overlaps: 1 });
    expect(vacuous(census(busy), 1)).toEqual([]);
  });

  it.each([
    ['no two operations on one key overlapped', busy.slice(1), 1],
    ['no outcome was unknown', busy.slice(0, 2), 1],
    ['no write of unknown outcome was seen to be done', busy.slice(0, 3), 1],
    ['no leader was elected', busy, 0],
  ] as const)('vacuous: %s', (reason, history, elections) => {
    expect(vacuous(census(history), elections)).toContain(`VACUOUS: ${reason}`);
  });

  it('reads that overlap, or keys that differ, do not count', () => {
    const reads = [at(0, 5).get(null), at(1, 6).get(null), at(2, 7, 'other').insert('a', 1)];
    expect(census(reads).overlaps).toBe(0);
  });
});
