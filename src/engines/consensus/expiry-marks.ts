import type { Place } from '../plan.js';
import { expiryLimits } from './limits.js';
import type { HeadRecord, StoredHead } from './records.js';

/**
 * What a head knows of versions that expire. Etcd removes an expired version without writing the head, so the head
 * names those that may be gone: one that is named and not there has expired, and hides what was before it. Pure.
 */
export interface ExpiryMarks {
  /**
   * Versions with a time to live that may still be there, ascending. An explicit removal takes a version off this list,
   * its expiry does not.
   */
  readonly versions: readonly number[];
  /** Versions up to this one are never the latest value again: a later one has expired. 0: none. */
  readonly floor: number;
}

type Marked = Pick<HeadRecord, 'last' | 'expiry'>;

/** Whether the newest version that a head names may be gone without a write to the head. */
export function mayBeGone({ last, expiry }: Marked): boolean {
  return last !== undefined && expiry !== undefined && expiry.versions.includes(last.version);
}

/** The marks once a version with a time to live was added. */
export function markedWith({ expiry }: Marked, version: number): ExpiryMarks {
  const versions = [...(expiry?.versions ?? []), version];
  const dropped = versions.splice(0, Math.max(0, versions.length - expiryLimits.markedVersions));
  // Cautious: what is forgotten here counts as expired, although it may be removed before.
  return { versions, floor: dropped.at(-1) ?? expiry?.floor ?? 0 };
}

/** The head of a key whose newest version has expired. */
export function withoutLast(head: StoredHead): StoredHead {
  const { record } = head;
  const floor = record.last?.version ?? record.expiry?.floor ?? 0;
  return { ...head, record: { ...record, last: undefined, expiry: { versions: [], floor } } };
}

/**
 * What a head says once a version was removed that was there.
 * @param older the greatest version below it that is stored
 */
export function afterRemoval(record: Marked, removed: number, older: Place | undefined): Marked {
  const { last, expiry } = record;
  const isLast = last?.version === removed;
  if (expiry === undefined) return { last: isLast ? older : last, expiry };
  const versions = expiry.versions.filter((version) => version !== removed);
  if (!isLast) return { last, expiry: { ...expiry, versions } };
  // Nothing is left that could be hidden.
  if (older === undefined) return { last: undefined, expiry: undefined };
  // What is marked between the two is not there, and was not removed: it has expired.
  const floor = Math.max(expiry.floor, ...versions.filter((version) => version > older.version));
  const left = { versions: versions.filter((version) => version > floor), floor };
  return { last: older.version > floor ? older : undefined, expiry: left };
}

/** The marks once only the newest version is left. */
export function afterTrim({ last, expiry }: Marked): ExpiryMarks | undefined {
  const versions = expiry?.versions.filter((version) => version === last?.version) ?? [];
  return versions.length === 0 ? undefined : { versions, floor: 0 };
}
