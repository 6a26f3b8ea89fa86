/** Indent of a description that has no room beside its term, in characters. */
const NARROW_INDENT = 10;

/**
 * Wraps text to at most this many columns, between words only; a longer word stands alone. Text after a gap of two
 * blanks is a description, which continues below its start. The argument library would break within words.
 */
export function wrapWords(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => (line.length <= columns ? [line] : wrapLine(line, columns)))
    .join('\n');
}

function wrapLine(line: string, columns: number): readonly string[] {
  const [blanks = ''] = /^\s*/.exec(line) ?? [];
  const [head = blanks] = /^\s*\S.*?\s{2,}(?=\S)/.exec(line) ?? [];
  if (head.length <= columns / 2) return fill(head, line.slice(head.length), head.length, columns);
  const described = fill(blanks, head.trim(), blanks.length + 2, columns);
  const indent = Math.min(NARROW_INDENT, Math.floor(columns / 2));
  return [...described, ...fill(' '.repeat(indent), line.slice(head.length), indent, columns)];
}

/** Words after `begin`, on as many lines as needed, with further lines indented. */
function fill(begin: string, words: string, indent: number, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = begin;
  let isEmpty = true;
  for (const word of words.trim().split(/\s+/)) {
    if (!isEmpty && line.length + 1 + word.length > columns) {
      lines.push(line);
      [line, isEmpty] = [' '.repeat(indent), true];
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
