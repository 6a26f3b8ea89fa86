import { describe, expect, it } from 'vitest';
import { prettyLines } from '../../../panel/src/lab/json-lines.js';
import { LineSplitter } from '../../../panel/src/lab/line-splitter.js';
import { shortText, visibleText } from '../../../panel/src/lab/visible-text.js';
import { laboratoryLimits } from '../../../src/laboratory/limits.js';

describe('texts of others', () => {
  it('show what would not be seen, and nothing turns the page round', () => {
    expect(visibleText('a\u202eb\u0000c\u200b')).toBe('a\\u202eb\\u0000c\\u200b');
    expect(visibleText('<b>olá 🙂</b>')).toBe('<b>olá 🙂</b>');
  });

  it('are cut at whole letters', () => {
    expect(shortText('🙂🙂🙂🙂', 3)).toBe('🙂🙂🙂…');
    expect(shortText('abc', 3)).toBe('abc');
    expect(shortText('x'.repeat(70_000), 10)).toBe(`${'x'.repeat(10)}…`);
  });
});

describe('the JSON of a message', () => {
  it('is laid out in lines, short parts in one', () => {
    const value = { a: 1, b: ['x'.repeat(70)], c: { d: [1, 2] } };
    expect(prettyLines(JSON.stringify(value))).toEqual([
      ...['{', '  "a": 1,', '  "b": [', `    "${'x'.repeat(70)}"`, '  ],', '  "c": {"d":[1,2]}', '}'],
    ]);
    expect(JSON.parse(prettyLines(JSON.stringify(value)).join('\n'))).toEqual(value);
  });

  it('is bounded in each line, and shown as it is where it is none', () => {
    const [line] = prettyLines(JSON.stringify('y'.repeat(65_536)));
    expect(line?.length).toBeLessThan(2_100);
    expect(prettyLines('kvs\u0001 sealed')).toEqual(['kvs\\u0001 sealed']);
  });
});

describe('lines that arrive in pieces', () => {
  it('are whole', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (const piece of ['a', 'b\nc', '\n', '\nd']) splitter.take(piece);
    expect(lines).toEqual(['ab', 'c', '']);
    expect(splitter.end()).toBe('d');
  });

  it('are refused where they do not end', () => {
    const splitter = new LineSplitter(() => undefined);
    expect(() => splitter.take('x'.repeat(laboratoryLimits.lineBytes + 1))).toThrow(RangeError);
  });
});
