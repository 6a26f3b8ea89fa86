import type { Dot, Origin } from './dot.js';
import { raise } from './dot.js';
import type { RetentionBound } from './retention.js';
import type { KeySpace } from './space.js';
import { isExpired, newestRow } from './visible.js';

/** Slots and, of them, keys with several versions that one stretch of a walk looks at: less than a millisecond. */
const WALK_SLOTS = 4096;
const WALK_KEYS = 256;

/**
 * Looks at a short stretch of slots, and tells the keys there that have versions beyond a bound. A place in such a walk
 * stays good however long it rests: a key that has taken the slot of another meanwhile is met by the next walk.
 * @param from the slot to begin with
 * @param boundOf the bound of a key, if it has one
 * @param nowMs the time by which entries are old, ms since 1970
 * @returns `next`: where to go on; `undefined` at the end
 */
export function keysBeyond(
  space: KeySpace,
  from: number,
  boundOf: (key: string) => RetentionBound | undefined,
  nowMs: number,
): { readonly keys: readonly string[]; readonly next: number | undefined } {
  const { keys } = space;
  const end = Math.min(keys.slotEnd, from + WALK_SLOTS);
  const found: string[] = [];
  let slot = from;
  for (let looked = 0; slot < end && looked < WALK_KEYS; slot++) {
    if (keys.history(slot) === undefined) continue;
    looked++;
    const name = keys.name(slot);
    const bound = boundOf(name);
    if (bound !== undefined && rowsBeyond(space, slot, bound, nowMs, 1).length > 0) found.push(name);
  }
  return { keys: found, next: slot < keys.slotEnd ? slot : undefined };
}

/**
 * The oldest rows of a key that are beyond a bound, in the order (timestamp, origin), which all trims share: of two
 * trims by different orders each may remove what the other keeps. Expired entries are neither counted nor taken: the
 * sweep has them. The newest visible value is never beyond.
 * @param nowMs the time by which entries are old, ms since 1970
 * @param most rows given
 */
export function rowsBeyond(
  space: KeySpace,
  slot: number,
  { versions = Infinity, ageMs = Infinity }: RetentionBound,
  nowMs: number,
  most: number,
): readonly number[] {
  const history = space.keys.history(slot);
  if (history === undefined) return [];
  const { inTime } = history;
  const beforeMs = nowMs - ageMs;
  let excess = inTime.length - history.expired(space.clock.nowMs()).length - versions;
  const isBeyond = (row: number): boolean => excess > 0 || space.entries.timestamp(row) < beforeMs;
  // The common case costs a look at the oldest alone.
  if (!isBeyond(inTime[0] as number)) return [];
  const newest = newestRow(space, slot);
  const beyond: number[] = [];
  for (const row of inTime) {
    if (beyond.length >= most || !isBeyond(row)) break;
    if (isExpired(space, row)) continue;
    excess--;
    if (row !== newest) beyond.push(row);
  }
  return beyond;
}

/** Tells of a row whether it holds one of these dots, however many they are. */
export function namedBy({ entries }: KeySpace, dots: readonly Dot[]): (row: number) => boolean {
  const named = new Map<Origin, Set<number>>();
  for (const { origin, seq } of dots) {
    const seqs = named.get(origin);
    if (seqs) seqs.add(seq);
    else named.set(origin, new Set([seq]));
  }
  return (row) => named.get(entries.originName(row))?.has(entries.seq(row)) === true;
}

/**
 * The named rows of a key, if they are among the oldest of a long history; `undefined` if only a look at all of it can
 * tell.
 * The entries of one origin are in the order of their seqs, so what is named and not among the oldest is gone already
 * once a later one of its origin has been seen.
 */
export function oldestNamed(
  space: KeySpace,
  slot: number,
  dots: readonly Dot[],
  isNamed: (row: number) => boolean,
): readonly number[] | undefined {
  const rows = space.keys.history(slot)?.inTime;
  if (rows === undefined || rows.length < 4 * dots.length) return undefined;
  const { entries } = space;
  const oldest = rows.slice(0, 2 * dots.length);
  const named = oldest.filter(isNamed);
  const seen = new Map<Origin, number>();
  for (const row of oldest) raise(seen, entries.originName(row), entries.seq(row));
  return dots.every(({ origin, seq }) => seq <= (seen.get(origin) ?? 0)) ? named : undefined;
}
