import { describe, expect, it } from 'vitest';
import { named, pieces, shortened } from '../../panel/src/parts/invisible.js';

describe('foreign text', () => {
  it.each([
    ['plain', 'casa/sala é 日本 😀', 'casa/sala é 日本 😀'],
    ['markup', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
    ['right-to-left override', 'a\u202egpj.exe', 'a⟨U+202E⟩gpj.exe'],
    ['isolates and marks', '\u2066x\u2069\u200f', '⟨U+2066⟩x⟨U+2069⟩⟨U+200F⟩'],
    ['controls', 'a\0b\x1b[2Jc\x7f\r\n\t', 'a⟨NUL⟩b⟨U+001B⟩[2Jc⟨U+007F⟩⟨CR⟩⟨LF⟩⟨TAB⟩'],
    ['blanks that are not the blank', 'a\u00a0b\u3000c\u200bd\ufeff', 'a⟨U+00A0⟩b⟨U+3000⟩c⟨U+200B⟩d⟨U+FEFF⟩'],
    ['tags and selectors', 'x\u{e0041}\ufe0f\u034f', 'x⟨U+E0041⟩⟨U+FE0F⟩⟨U+034F⟩'],
  ])('names what is not seen: %s', (_, text, expected) => {
    expect(named(text)).toBe(expected);
  });

  it('keeps lines where they lay a value out', () => {
    expect(pieces('a\n\tb\r', true, 10)).toEqual([{ text: 'a\n\tb' }, { mark: 'CR' }]);
  });

  it('marks so many, and names the rest within the text', () => {
    const found = pieces('\x01'.repeat(65_536), true, 3);
    expect(found).toHaveLength(4);
    expect(found[3]).toEqual({ text: '⟨U+0001⟩'.repeat(65_533) });
  });

  it('is never cut within a character', () => {
    expect(shortened('ab😀', 3)).toBe('ab');
    expect(shortened('ab😀', 4)).toBe('ab😀');
  });
});
