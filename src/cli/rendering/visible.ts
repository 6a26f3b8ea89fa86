/** Characters that act on a terminal instead of being shown, or reverse the direction of the text after them. */
const ACTING = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Longest text in a table cell on a terminal, in characters. */
const CELL_CHARS_MAX = 60;

/** Makes foreign text safe to show on a terminal. Line breaks and tabs are kept if `lines`. */
export function visible(text: string, lines = false): string {
  return text.replace(ACTING, (char) => {
    if (lines && (char === '\n' || char === '\t')) return char;
    const code = char.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** A key in a sentence or a line, safe for a terminal: the empty one can be seen. */
export function shownKey(key: string): string {
  return key === '' ? '""' : visible(key);
}

/** A value as JSON on one line, in which nothing acts on a terminal: it is escaped, and read back as it was. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    ACTING,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A text that is safe for a terminal and fits a cell there. In a pipe nothing is cut. */
export function cell(text: string): string {
  const shown = visible(text);
  if (!process.stdout.isTTY || shown.length <= CELL_CHARS_MAX) return shown;
  return `${shown.slice(0, CELL_CHARS_MAX - 1)}…`;
}

/** A text as it is for a program, harmless for a terminal. */
export function plain(text: string): string {
  return process.stdout.isTTY ? visible(text, true) : text;
}
