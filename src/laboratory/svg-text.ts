/** An element of SVG as text. Attributes and texts are escaped: keys and values of anybody stand in them. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...inside: readonly string[]
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(shown(value))}"`);
  return inside.length === 0
    ? `<${name}${written.join('')}/>`
    : `<${name}${written.join('')}>${inside.join('')}</${name}>`;
}

/** A text between elements. */
export function escaped(text: string): string {
  return text
    .replace(NO_XML, '\u{fffd}')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}

/**
 * What XML 1.0 has no place for, not even escaped: controls and halves of characters; and what turns the direction of what
 * follows, so that a text stays where it is.
 */
const NO_XML = /[\p{Cc}\p{Cs}\u{fffe}\u{ffff}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu;

function shown(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
}
