import { describe, expect, it } from 'vitest';
import { watchFaults } from '../support/total-order.js';
import type { RecordedEvent, RecordedInsert } from '../support/total-order.js';

const wrote = (key: string, value: string, askedMs: number, answeredMs?: number): RecordedInsert => ({
  ...{ key, value, askedMs, answeredMs },
});
const insert = (key: string, version: number, value: string): RecordedEvent => ({
  ...{ kind: 'insert', key, version, value },
});
const removal = (key: string, version: number): RecordedEvent => ({
  kind: 'remove',
  key,
  version,
  value: '',
});

const INSERTS = [
  wrote('a', 'um', 1, 2),
  wrote('b', 'dois', 3, 4),
  wrote('a', 'três', 3, 9),
  wrote('c', 'talvez', 5),
];
const RIGHT = [insert('a', 1, 'um'), insert('b', 1, 'dois'), insert('a', 2, 'três'), removal('a', 1)];

describe('the checker of watches in one order', () => {
  it.each<[string, readonly (readonly RecordedEvent[])[]]>([
    ['what is right', [RIGHT, RIGHT]],
    ['a write of unknown outcome that was done', [[...RIGHT, insert('c', 1, 'talvez')]]],
    ['writes at the same time in either order', [[RIGHT[0]!, RIGHT[2]!, RIGHT[1]!, RIGHT[3]!]]],
  ])('accepts %s', (_, watchers) => {
    expect(watchFaults(INSERTS, watchers)).toEqual([]);
  });

  it.each<[string, readonly RecordedEvent[], RegExp]>([
    ['an event too few', RIGHT.slice(0, 2), /missed a=três/],
    ['an event twice', [...RIGHT, RIGHT[1]!], /repeated insert b@1/],
    ['a removal twice', [...RIGHT, removal('a', 1)], /repeated remove a@1/],
    [
      'an expiry after the removal',
      [...RIGHT, { ...removal('a', 1), kind: 'expire' }],
      /repeated expire a@1/,
    ],
    [
      'a later write first',
      [RIGHT[1]!, RIGHT[0]!, RIGHT[2]!, RIGHT[3]!],
      /insert a@1=um after a later write/,
    ],
    ['versions the wrong way round', [RIGHT[2]!, RIGHT[0]!, RIGHT[1]!, RIGHT[3]!], /a@1=um after version 2/],
    ['a removal before its insert', [RIGHT[3]!, ...RIGHT.slice(0, 3)], /remove a@1= before its insert/],
    ['what nobody wrote', [...RIGHT, insert('b', 2, 'quatro')], /which nobody wrote/],
  ])('finds %s', (_, events, fault) => {
    expect(watchFaults(INSERTS, [events]).join('\n')).toMatch(fault);
  });

  it('finds watchers that do not agree', () => {
    const other = [RIGHT[0]!, RIGHT[2]!, RIGHT[1]!, RIGHT[3]!];
    expect(watchFaults(INSERTS, [RIGHT, other]).join()).toMatch(/number 1, where watcher 0 has/);
    expect(watchFaults(INSERTS, [RIGHT, RIGHT.slice(0, 3)]).join()).toMatch(/nothing|3 events/);
  });
});
