/** Letters that would not be seen, or would turn others round, as their numbers: a text of others stays what it is. */
export function visibleText(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (letter) => `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** The beginning of a text, in one line. */
export function shortText(text: string, characters: number): string {
  const letters = Array.from(visibleText(text.slice(0, characters * 2 + 2)));
  return letters.length > characters || text.length > characters * 2 + 2
    ? `${letters.slice(0, characters).join('')}…`
    : letters.join('');
}
