/** One line of CSV (RFC 4180): a field is quoted where needed, and quotes in it are doubled. Pure. */

const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

export function encodeCsv(fields: readonly string[]): string {
  return fields
    .map((field) => (NEEDS_QUOTES.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(',');
}

/** The fields of a line, trimmed unless quoted; `undefined` if the quotes do not match. */
export function decodeCsv(line: string): string[] | undefined {
  const fields: string[] = [];
  const field = /\s*"((?:[^"]|"")*)"\s*(?=,|$)|([^",]*)(?=,|$)/y;
  for (let at = 0; ; at++) {
    field.lastIndex = at;
    const match = field.exec(line);
    if (match === null) return undefined;
    fields.push(match[1] === undefined ? (match[2] ?? '').trim() : match[1].replaceAll('""', '"'));
    at += match[0].length;
    if (at >= line.length) return fields;
  }
}
