import type { Row } from '../../ports/engine.js';
import { endOfPlace, placeOfKey } from './layout.js';
import { expiresIn, rowOfRecord } from './records.js';

/** A command and what is behind the name of the set. */
type Words = readonly [command: string, ...args: (string | Buffer)[]];

/** Behind all versions of a key and its counters: as text, which costs less to send. */
const BEHIND = '\u{10ffff}';

/** Asks for the newest version of a key, with the counters beside it if there are any. */
export function askNewest(key: string): Words {
  if (!key.includes('\0')) {
    const from = `k${key}\0\u0001`;
    return ['ZREVRANGEBYLEX', `(${from}${BEHIND}`, `[${from}`, 'LIMIT', '0', '2'];
  }
  return down(placeOfKey(key), Buffer.from(BEHIND), '2');
}

/** Asks for the newest version of a key that is not above one. */
export function askUpTo(key: string, version: number): Words {
  const bound = Buffer.alloc(4);
  bound.writeUInt32BE(version + 1);
  return down(placeOfKey(key), bound, '1');
}

function down(place: Buffer, below: Buffer, most: string): Words {
  const first = Buffer.concat([Buffer.from('(k'), place, below]);
  return ['ZREVRANGEBYLEX', first, Buffer.concat([Buffer.from('[k'), place]), 'LIMIT', '0', most];
}

/**
 * The version that was asked for, as functions.lua would find it.
 * @returns `unsure` if it expires: only its master's clock says whether it has
 */
export function foundRow(key: string, members: readonly Buffer[]): Row | 'unsure' | undefined {
  const [first, second] = members;
  if (first === undefined) return undefined;
  const at = endOfPlace(first, 1);
  const hasCounters = (first[at] as number) >= 128;
  const member = hasCounters ? second : first;
  if (member === undefined) return undefined;
  const record = member.subarray(at);
  if (expiresIn(record)) return 'unsure';
  // Up to which version an expired one has hidden it: behind version and timestamp.
  if (hasCounters && record.readUInt32BE(0) <= first.readUInt32BE(at + 13)) return undefined;
  return rowOfRecord(key, record);
}
