/**
 * Characters that are not seen, or change how others are shown: controls, marks of direction, joiners, blanks that are not the
 * blank, separators, private ones. A key or value may hold any of them. Pure.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{DI}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]/u;

/** A stretch of text that is shown as it is, or a character that is named. */
type Piece = { readonly text: string } | { readonly mark: string };

/**
 * A text in pieces, so that nothing in it is unseen.
 * @param keepsLines line feeds and tabs lay the text out, as in a value; otherwise they are named too
 * @param marksMax further invisible characters are named within the text
 */
export function pieces(text: string, keepsLines: boolean, marksMax: number): Piece[] {
  if (!INVISIBLE.test(text)) return text === '' ? [] : [{ text }];
  const found: Piece[] = [];
  let plain = '';
  let marks = 0;
  for (const char of text) {
    if (!INVISIBLE.test(char) || (keepsLines && (char === '\n' || char === '\t'))) {
      plain += char;
      continue;
    }
    const mark = nameOf(char);
    if (marks++ >= marksMax) {
      plain += `⟨${mark}⟩`;
      continue;
    }
    if (plain !== '') found.push({ text: plain });
    plain = '';
    found.push({ mark });
  }
  if (plain !== '') found.push({ text: plain });
  return found;
}

/** The same as one text, for where there can be no marks, such as a title. */
export function named(text: string): string {
  return pieces(text, false, 0)
    .map((piece) => ('text' in piece ? piece.text : `⟨${piece.mark}⟩`))
    .join('');
}

const SHORT: Readonly<Record<string, string>> = { '\n': 'LF', '\r': 'CR', '\t': 'TAB', '\0': 'NUL' };

function nameOf(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return SHORT[char] ?? `U+${code}`;
}

/** Up to so many characters of a text, and never half of one. */
export function shortened(text: string, chars: number): string {
  if (text.length <= chars) return text;
  const last = text.charCodeAt(chars - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHalf ? chars - 1 : chars);
}
