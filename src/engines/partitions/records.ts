import type { Row } from '../../ports/engine.js';

const HAS_REQUEST = 1;
const EXPIRES = 2;

/** The row of a record, as functions.lua answers it: `version4 timestamp8 flags1 [expires8] [request8] value`. */
export function rowOfRecord(key: string, record: Buffer): Row {
  const version = record.readUInt32BE(0);
  const timestamp = wholeAt(record, 4);
  const flags = record.readUInt8(12);
  const expires = (flags & EXPIRES) === 0 ? undefined : wholeAt(record, 13);
  const at = 13 + (expires === undefined ? 0 : 8) + ((flags & HAS_REQUEST) === 0 ? 0 : 8);
  const row = { key, value: record.toString('utf8', at), version, timestamp };
  return expires === undefined ? row : { ...row, expiresAt: expires };
}

/** Whether the version of a record expires. */
export function expiresIn(record: Buffer): boolean {
  return (record.readUInt8(12) & EXPIRES) !== 0;
}

/** The row of a record, if there is one. */
export function maybeRow(key: string, record: unknown): Row | undefined {
  return record instanceof Buffer ? rowOfRecord(key, record) : undefined;
}

/** A whole number below 2⁵³ in eight bytes. */
export function wholeAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
