import type { Line } from '../../ports/lines.js';
import { concerns } from '../watching/interests.js';
import type { Interest } from '../watching/interests.js';
import { EVENT_DELETE } from './etcd-messages.js';
import type { EtcdEvent } from './etcd-messages.js';
import { isPlaceOfValue, placeOfValue } from './layout.js';
import { lineFromRow } from './line-reads.js';
import { ourRow } from './records.js';

/** A change of a value of ours. */
export interface OurChange {
  readonly kind: 'insert' | 'remove';
  readonly line: Line;
  readonly revision: number;
}

/**
 * What a change of the replicas means for who watches.
 * @returns `undefined` if it is none of ours; `lost` if the replicas do not know any more what was removed
 */
export function ourChange(
  { type, kv, prev_kv: before }: EtcdEvent,
  interest: Interest,
): OurChange | 'lost' | undefined {
  if (kv === null || !isPlaceOfValue(kv.key)) return undefined;
  const { key, timestamp } = placeOfValue(kv.key);
  if (!concerns(interest, key)) return undefined;
  const revision = kv.mod_revision;
  if (type !== EVENT_DELETE) {
    const row = ourRow(key, timestamp, kv);
    return row && { kind: 'insert', revision, line: lineFromRow(row, true) };
  }
  if (!before) return 'lost';
  const row = ourRow(key, timestamp, before);
  // As every engine has it, what is gone is neither a head nor stable.
  const line = row && { ...lineFromRow({ ...row, value: '' }, false), isStable: false };
  return line && { kind: 'remove', revision, line };
}
