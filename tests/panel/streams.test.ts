import { describe, expect, it } from 'vitest';
import { EventLines } from '../../panel/src/api/event-text.js';
import { TextLines } from '../../panel/src/api/text-lines.js';
import { retryWaitMs } from '../../panel/src/api/retry.js';

describe('lines of a stream', () => {
  it('come whole, however the pieces are cut', () => {
    const text = 'um\ndois\n\ntrês\n';
    for (let at = 0; at <= text.length; at++) {
      const lines = new TextLines(100);
      expect([...lines.add(text.slice(0, at)), ...lines.add(text.slice(at))]).toEqual([
        'um',
        'dois',
        '',
        'três',
      ]);
    }
  });

  it('end the stream if one has no end', () => {
    const lines = new TextLines(10);
    expect(() => lines.add('x'.repeat(11))).toThrow(RangeError);
  });
});

describe('events of a stream', () => {
  it('have a name, an id and data; comments are none', () => {
    const found = new EventLines();
    const lines = [':', '', 'event: insere', 'id: t1', 'data: {"a":1}', '', 'event: em-dia', 'data: {}', ''];
    expect(lines.flatMap((line) => found.add(line) ?? [])).toEqual([
      { name: 'insere', id: 't1', data: '{"a":1}' },
      { name: 'em-dia', id: undefined, data: '{}' },
    ]);
  });
});

describe('attempts to reach a server', () => {
  it('wait longer each time, up to a bound', () => {
    const waits = (random: number): number[] =>
      [1, 2, 3, 4, 5, 6, 1000].map((failures) => retryWaitMs(failures, () => random));
    expect(waits(0)).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
    // Pages that lost the same server do not all come back at once.
    expect(waits(1)).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000]);
    expect(new Set(Array.from({ length: 9 }, () => retryWaitMs(9))).size).toBeGreaterThan(1);
  });
});
