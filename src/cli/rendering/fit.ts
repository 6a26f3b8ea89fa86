import stringWidth from 'string-width';

const GRAPHEMES = new Intl.Segmenter('pt-BR');

/** How many columns of a terminal a text takes: letters of Asian scripts take two, combining marks none. */
export function columnsOf(text: string): number {
  return stringWidth(text);
}

/** A text cut to this many columns of a terminal, with `…` where something is missing; never within a character. */
export function cutTo(text: string, columns: number): string {
  // A character takes at most two columns, and most texts are short.
  if (text.length * 2 <= columns || (text.length <= columns * 4 && columnsOf(text) <= columns)) return text;
  let shown = '';
  let left = columns - 1;
  for (const { segment } of GRAPHEMES.segment(text.slice(0, columns * 16))) {
    left -= columnsOf(segment);
    if (left < 0) break;
    shown += segment;
  }
  return `${shown}…`;
}
