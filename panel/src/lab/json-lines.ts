import { visibleText } from './visible-text.js';

/** Characters of one line that are shown: a value may have 64 KiB. */
const LINE_CHARACTERS = 2_000;

/** A text of JSON laid out in lines; one that is none (sealed, cut) as it is. Nothing in it is markup, or turns the page round. */
export function prettyLines(body: string): string[] {
  return layOut(body)
    .split('\n')
    .map((line) => {
      const text = visibleText(line);
      return text.length <= LINE_CHARACTERS ? text : `${text.slice(0, LINE_CHARACTERS)}… (${text.length})`;
    });
}

function layOut(body: string): string {
  try {
    return laid(JSON.parse(body) as unknown, '');
  } catch {
    return body;
  }
}

/** As JSON.stringify with two blanks does, but lists and objects of a few plain parts stay in one line. */
function laid(value: unknown, indent: string): string {
  const flat = JSON.stringify(value);
  if (typeof value !== 'object' || value === null || flat.length <= 64) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((part) => inner + laid(part, inner)).join(',\n')}\n${indent}]`;
  }
  const parts = Object.entries(value).map(
    ([key, part]) => `${inner}${JSON.stringify(key)}: ${laid(part, inner)}`,
  );
  return `{\n${parts.join(',\n')}\n${indent}}`;
}
