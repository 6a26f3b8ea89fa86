/**
 * Characters of a key that no topic of MQTT carries, or that brokers cut a connection for: wildcards, the percent sign
 * itself, control characters and the 66 code points that are no characters.
 */
// eslint-disable-next-line no-control-regex -- these are the ones that are meant
const ENCODED = /[%+#\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef]|[\ufffe\uffff]|[\ud800-\udbff][\udc00-\udfff]/g;

/** Every code point of which the last 16 bits are these is no character. */
const NO_CHARACTERS: ReadonlySet<number> = new Set([0xfffe, 0xffff]);

/**
 * A key, or the beginning of one, as a topic writes it: character by character, so a key begins with another exactly if
 * one of these does.
 * @param key well-formed
 */
export function asInTopic(key: string): string {
  return key.replace(ENCODED, percentEncoded);
}

function percentEncoded(character: string): string {
  // A pair of surrogates is one code point, most of which are characters.
  const point = character.codePointAt(0) ?? 0;
  if (character.length === 2 && !NO_CHARACTERS.has(point & 0xffff)) return character;
  return point < 0x80
    ? `%${point.toString(16).toUpperCase().padStart(2, '0')}`
    : encodeURIComponent(character);
}
