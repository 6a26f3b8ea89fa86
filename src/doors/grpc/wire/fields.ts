/** Encodes single fields, for messages that are assembled from parts. */
import { numberSize, textSize, varintSize, writeNumber, writeText, writeVarint } from './writer.js';

/** A field of text; no bytes if it is empty. */
export function textField(tag: number, content: string): Buffer {
  const size = Buffer.byteLength(content, 'utf8');
  const bytes = Buffer.allocUnsafe(textSize(size));
  writeText(bytes, 0, tag, content, size);
  return bytes;
}

/** A field with a number, 0 … 2⁵³−1; no bytes if it is 0. */
export function numberField(tag: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(numberSize(value));
  writeNumber(bytes, 0, tag, value);
  return bytes;
}

/** A nested message: unlike text it is written even if it is empty. */
export function messageField(tag: number, content: Buffer): Buffer {
  const head = Buffer.allocUnsafe(1 + varintSize(content.length));
  head[0] = tag;
  writeVarint(head, 1, content.length);
  return Buffer.concat([head, content]);
}
