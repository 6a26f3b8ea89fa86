import type { Answer, Operation, Outcome, Request, Sight } from '../support/linearizability/history.js';

/** Small histories that have a name, written as `at(called, returned).insert('a', 1)`. Timestamps are 10 · version. */
interface Moments {
  /** Told its version. */
  insert(value: string, version: number): Operation;
  /** Told its version and what it replaced. */
  put(value: string, version: number, previous: Sight | null): Operation;
  get(found: Sight | null): Operation;
  getVersion(upTo: number, found: Sight | null): Operation;
  getTime(upTo: number, found: Sight | null): Operation;
  removeAll(found: Sight | null): Operation;
  trim(found: Sight | null): Operation;
  remove(version: number, removed: Answer['removed']): Operation;
  /** Told its version; `undefined`: refused, the latest was not the one expected. */
  compare(expected: number, value: string, version: number | undefined): Operation;
  unknown(request: Request): Operation;
  failed(request: Request): Operation;
}

export function at(called: number, returned: number, key = 'k'): Moments {
  const operation = (request: Request, outcome: Outcome): Operation => {
    return { client: `c${called}`, key, request, called, returned, outcome };
  };
  const answered = (request: Request, answer: Answer): Operation => {
    return operation(request, { kind: 'answered', answer });
  };
  const made = (version: number): Sight => ({ version, timestamp: 10 * version });
  return {
    insert: (value, version) => answered({ kind: 'insert', value }, { made: made(version) }),
    put: (value, version, found) => answered({ kind: 'put', value }, { made: made(version), found }),
    get: (found) => answered({ kind: 'get' }, { found }),
    getVersion: (upTo, found) => answered({ kind: 'getVersion', upTo }, { found }),
    getTime: (upTo, found) => answered({ kind: 'getTime', upTo }, { found }),
    removeAll: (found) => answered({ kind: 'removeAll' }, { found }),
    trim: (found) => answered({ kind: 'trim' }, { found }),
    remove: (version, removed) => answered({ kind: 'remove', version }, removed ? { removed } : {}),
    compare: (expected, value, version) => {
      const answer: Answer = version === undefined ? { refused: true } : { made: made(version) };
      return answered({ kind: 'compare', expected, value }, answer);
    },
    unknown: (request) => operation(request, { kind: 'unknown' }),
    failed: (request) => operation(request, { kind: 'failed' }),
  };
}

/** A row as {@link at} makes them. */
export function row(value: string, version: number): Required<Sight> {
  return { value, version, timestamp: 10 * version };
}

const insertB: Request = { kind: 'insert', value: 'b' };

export const right: Readonly<Record<string, readonly Operation[]>> = {
  nothing: [],
  'one after the other': [
    at(0, 1).insert('a', 1),
    at(2, 3).get(row('a', 1)),
    at(4, 5).put('b', 2, row('a', 1)),
    at(6, 7).getVersion(1, row('a', 1)),
    at(8, 9).getTime(19, row('a', 1)),
    at(10, 11).getTime(9, null),
    at(12, 13).remove(1, 'removed'),
    at(14, 15).remove(1, 'noVersion'),
    at(16, 17).removeAll(row('b', 2)),
    at(18, 19).remove(2, 'noKey'),
    at(20, 21).get(null),
    at(22, 23).insert('c', 3),
    at(24, 25).trim(row('c', 3)),
  ],
  'writes that overlap take effect in the other order': [at(0, 10).insert('a', 2), at(1, 9).insert('b', 1)],
  'a read that overlaps a write sees it before the writer is told': [
    at(0, 10).insert('a', 1),
    at(1, 2).get(row('a', 1)),
    at(3, 4).get(row('a', 1)),
  ],
  'a read that overlaps a write does not see it yet': [at(0, 10).insert('a', 1), at(1, 2).get(null)],
  'two reads that overlap each other see the new and the old': [
    at(0, 9).insert('a', 1),
    at(1, 5).get(row('a', 1)),
    at(2, 6).get(null),
  ],
  'an unknown write never appears': [
    at(0, 1).insert('a', 1),
    at(2, 3).unknown(insertB),
    at(4, 5).get(row('a', 1)),
    at(6, 7).insert('c', 2),
  ],
  'an unknown write appears late': [
    at(0, 1).insert('a', 1),
    at(2, 3).unknown(insertB),
    at(4, 5).get(row('a', 1)),
    at(6, 7).get(row('b', 2)),
    at(8, 9).insert('c', 3),
  ],
  'an unknown write shows only in the number of the next': [
    at(0, 1).insert('a', 1),
    at(2, 3).unknown(insertB),
    at(4, 5).insert('c', 3),
  ],
  'an unknown removal is done late': [
    at(0, 1).insert('a', 1),
    at(2, 3).unknown({ kind: 'removeAll' }),
    at(4, 5).get(row('a', 1)),
    at(6, 7).get(null),
    at(8, 9).get(null),
  ],
  'a failed write is not there': [at(0, 1).failed({ kind: 'insert', value: 'a' }), at(2, 3).get(null)],
  'keys do not order each other': [
    at(0, 1, 'one').insert('a', 1),
    at(0, 1, 'other').insert('a', 1),
    at(2, 3, 'one').get(row('a', 1)),
  ],
  'comparisons, one after the other': [
    at(0, 1).compare(0, 'a', 1),
    at(2, 3).compare(0, 'b', undefined),
    at(4, 5).compare(1, 'c', 2),
    at(6, 7).remove(2, 'removed'),
    at(8, 9).compare(2, 'd', undefined),
    at(10, 11).compare(1, 'e', 3),
  ],
  'an unknown comparison is done late': [
    at(0, 1).insert('a', 1),
    at(2, 3).unknown({ kind: 'compare', expected: 1, value: 'b' }),
    at(4, 5).get(row('a', 1)),
    at(6, 7).get(row('b', 2)),
  ],
  'answers that tell only a part': [
    at(0, 1).insert('a', 1),
    at(2, 3).get({ value: 'a', timestamp: 10 }),
    at(4, 5).removeAll({}),
    at(6, 7).get(null),
  ],
};

export const wrong: Readonly<Record<string, readonly Operation[]>> = {
  'a stale read': [at(0, 1).insert('a', 1), at(2, 3).insert('b', 2), at(4, 5).get(row('a', 1))],
  'a stale read of nothing': [at(0, 1).insert('a', 1), at(2, 3).get(null)],
  'a lost update': [at(0, 5).put('a', 1, null), at(1, 6).put('b', 2, null), at(7, 8).get(row('b', 2))],
  'an acknowledged write that vanishes': [
    at(0, 1).insert('a', 1),
    at(2, 3).insert('b', 2),
    at(4, 5).getVersion(2, row('a', 1)),
  ],
  'version numbers in the wrong order': [at(0, 1).insert('a', 2), at(2, 3).insert('b', 1)],
  'a version number that is left out': [at(0, 1).insert('a', 1), at(2, 3).insert('b', 3)],
  'two writers with the same version': [at(0, 5).insert('a', 1), at(1, 6).insert('b', 1)],
  'a version that is used again after a removal': [
    at(0, 1).insert('a', 1),
    at(2, 3).removeAll(row('a', 1)),
    at(4, 5).insert('b', 1),
  ],
  'a timestamp that does not rise': [
    at(0, 1).insert('a', 1),
    at(2, 3).insert('b', 2),
    at(4, 5).get({ value: 'b', version: 2, timestamp: 10 }),
  ],
  'a reader that was called first is shown another timestamp than the writer': [
    at(0, 5).get({ value: 'a', version: 1, timestamp: 9 }),
    at(1, 6).insert('a', 1),
  ],
  'a timestamp that leaves no room for the write between': [
    at(0, 1).insert('a', 1),
    at(2, 3).unknown(insertB),
    at(4, 5).get({ value: 'c', version: 3, timestamp: 11 }),
    at(4, 6).unknown({ kind: 'insert', value: 'c' }),
  ],
  'reads in the wrong order': [at(0, 9).insert('a', 1), at(1, 2).get(row('a', 1)), at(3, 4).get(null)],
  'two readers who see two writes in different orders': [
    at(0, 20).insert('a', 1),
    at(0, 20).insert('b', 2),
    at(1, 2).get(row('b', 2)),
    at(3, 4).get(row('a', 1)),
  ],
  'an unknown write disappears again': [
    at(0, 1).insert('a', 1),
    at(2, 3).unknown(insertB),
    at(4, 5).get(row('b', 2)),
    at(6, 7).get(row('a', 1)),
  ],
  'an unknown write takes effect twice': [
    at(0, 1).unknown(insertB),
    at(2, 3).get(row('b', 1)),
    at(4, 5).removeAll(row('b', 1)),
    at(6, 7).get({ value: 'b', version: 2, timestamp: 20 }),
  ],
  'one unknown write explains one missing number, not two': [
    at(0, 1).insert('a', 1),
    at(2, 3).unknown(insertB),
    at(4, 5).insert('c', 4),
  ],
  'an unknown write before it was called': [at(0, 1).get(row('b', 1)), at(2, 3).unknown(insertB)],
  'a failed write that is there': [at(0, 1).failed(insertB), at(2, 3).get(row('b', 1))],
  'a value that nobody wrote': [at(0, 1).insert('a', 1), at(0, 2).get(row('z', 1))],
  'two removers of one row': [
    at(0, 1).insert('a', 1),
    at(2, 5).removeAll(row('a', 1)),
    at(3, 6).removeAll(row('a', 1)),
  ],
  'two comparisons of one version that both write': [
    at(0, 1).insert('a', 1),
    at(2, 5).compare(1, 'b', 2),
    at(3, 6).compare(1, 'c', 3),
  ],
  'a comparison that is refused though nobody wrote': [
    at(0, 1).insert('a', 1),
    at(2, 3).compare(1, 'b', undefined),
  ],
  'an unknown comparison that was overtaken': [
    at(0, 1).insert('a', 1),
    at(2, 3).insert('b', 2),
    at(4, 5).unknown({ kind: 'compare', expected: 1, value: 'c' }),
    at(6, 7).get(row('c', 3)),
  ],
  'one version removed twice': [
    at(0, 1).insert('a', 1),
    at(2, 5).remove(1, 'removed'),
    at(3, 6).remove(1, 'removed'),
  ],
  'a row that a trim removed': [
    at(0, 1).insert('a', 1),
    at(2, 3).insert('b', 2),
    at(4, 5).trim(row('b', 2)),
    at(6, 7).getVersion(1, row('a', 1)),
  ],
  'an older row by time than there was': [
    at(0, 1).insert('a', 1),
    at(2, 3).insert('b', 2),
    at(4, 5).getTime(20, row('a', 1)),
  ],
};
