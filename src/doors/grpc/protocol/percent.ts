const PLAIN = /^[ -$&-~]*$/;

/** Encodes `grpc-message`: percent signs and all bytes but printable ASCII. Source: "gRPC over HTTP2", Status-Message. */
export function percentEncoded(text: string): string {
  if (PLAIN.test(text)) return text;
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
