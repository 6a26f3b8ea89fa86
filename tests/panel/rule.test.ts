import { describe, expect, it } from 'vitest';
import { answerChoice } from '../../panel/src/keys/rule.js';
import { compareKeys } from '../../panel/src/keys/order.js';
import { lanesOf } from '../../panel/src/keys/lanes.js';
import type { LineJson } from '../../src/doors/http/schemas.js';

const line = (versao: number, ts: number, origem: string, atual = false, irma = false): LineJson => ({
  ...{ chave: 'k', valor: 'v', versao, ts, origem, servidor: origem, expira: 0, atual, irma, estavel: false },
});

describe('why a version answers', () => {
  it.each([
    ['nothing', [], undefined],
    ['only', [line(1, 1, 'a', true)], 0],
    ['supersedes', [line(1, 1, 'a'), line(2, 2, 'b', true)], 1],
    ['version', [line(1, 9, 'a', true), line(2, 2, 'b', true)], 1],
    ['timestamp', [line(2, 1, 'b', true, true), line(2, 2, 'a', true, true)], 1],
    ['origin', [line(2, 2, 'a', true, true), line(2, 2, 'b', true, true)], 1],
    // What came later in the order has expired.
    ['expired', [line(1, 1, 'a'), line(2, 2, 'b', true)], 0],
    ['expired', [line(1, 1, 'a', true), line(2, 2, 'b', true)], 0],
    ['expired', [line(1, 1, 'a')], undefined],
  ] as const)('%s', (kind, lines, answer) => {
    expect(answerChoice(lines, answer === undefined ? undefined : lines[answer]).kind).toBe(kind);
  });

  it('names the rival that came closest, and how many heads there are', () => {
    const lines = [line(1, 1, 'a', true), line(3, 1, 'b', true, true), line(3, 2, 'c', true, true)];
    expect(answerChoice(lines, lines[2])).toEqual({ kind: 'timestamp', heads: 3, rival: lines[1] });
  });
});

describe('the order of keys', () => {
  it('is that of code points, as the server has it', () => {
    const keys = [
      'b',
      'a',
      'ab',
      '',
      '\u{1f600}',
      '\uffee',
      '\ue000',
      '\ud7ff',
      'é',
      'z\u{10000}',
      'z\uffff',
    ];
    const expected = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...keys].sort(compareKeys)).toEqual(expected);
  });
});

describe('the lanes of a timeline', () => {
  it('give each origin a lane and each version a column, and join siblings', () => {
    const lines = [line(1, 1, 'a'), line(2, 2, 'a'), line(2, 2, 'b'), line(2, 3, 'c'), line(3, 4, 'b', true)];
    const { lanes, columns, placed } = lanesOf(lines, 3);
    expect(lanes.map(({ origin }) => origin)).toEqual(['a', 'b', 'c']);
    expect(columns).toBe(3);
    expect(placed.map(({ lane, column, reach }) => [lane, column, reach])).toEqual([
      [0, 0, 0],
      [0, 1, 2],
      [1, 1, 0],
      [2, 1, 0],
      [1, 2, 0],
    ]);
  });

  it('has so many lanes at most: those who wrote longest ago share the last one', () => {
    const lines = Array.from({ length: 2_000 }, (_, at) => line(at + 1, at, `o${at}`));
    const { lanes, others, placed } = lanesOf([...lines, line(2_001, 3_000, 'o0')], 4);
    expect([lanes.map(({ origin }) => origin), others]).toEqual([['o0', 'o1998', 'o1999'], 1_997]);
    expect([0, 1, 1_997, 1_998, 2_000].map((at) => placed[at]?.lane)).toEqual([0, 3, 3, 1, 0]);
  });
});
