/**
 * Encodes texts, each prefixed with its length (32 bits, big endian), so that different lists give different bytes:
 * `["ab", "c"]` is not `["a", "bc"]`.
 */
export function lengthPrefixed(texts: readonly string[]): Buffer {
  const sizes = texts.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + 4 + size, 0));
  let at = 0;
  for (const [index, text] of texts.entries()) {
    at = bytes.writeUInt32BE(sizes[index] ?? 0, at);
    at += bytes.write(text, at);
  }
  return bytes;
}
