import type { Origin } from './dot.js';
import { raise } from './dot.js';
import { limits } from './limits.js';
import type { KeySpace } from './space.js';

/**
 * What readers see of a key. An expired entry hides itself, and keeps what its writer had observed from being the
 * latest value; that stays readable by version, also after the expired entry was removed (it has *passed* then).
 */

/** The latest value: the last row in the order that is neither expired, nor hidden, nor passed. */
export function latestRow(space: KeySpace, slot: number): number | undefined {
  const only = space.keys.onlyRow(slot);
  if (only !== undefined) return isCurrent(space, only) ? only : undefined;
  const history = space.keys.history(slot);
  if (!history) return undefined;
  const { candidates } = history;
  return history.isPlain ? candidates[candidates.length - 1] : lastCurrent(space, slot, candidates);
}

/** The same in the order (timestamp, origin). */
export function newestRow(space: KeySpace, slot: number): number | undefined {
  const history = space.keys.history(slot);
  if (!history) return latestRow(space, slot);
  const rows = history.candidatesInTime;
  return history.isPlain ? rows[rows.length - 1] : lastCurrent(space, slot, rows);
}

/** The last row whose version is ≤ `version` and that has not expired; the latest if `undefined`. */
export function rowAtVersion(space: KeySpace, slot: number, version: number | undefined): number | undefined {
  if (version === undefined) return latestRow(space, slot);
  const only = space.keys.onlyRow(slot);
  if (only !== undefined) {
    return space.entries.version(only) <= version && !isExpired(space, only) ? only : undefined;
  }
  const history = space.keys.history(slot);
  return history && lastUnexpired(space, history.rows, history.afterVersion(version));
}

/**
 * The last row with timestamp ≤ `timestamp` in the order (timestamp, origin) that has not expired; the newest if
 * `undefined`.
 */
export function rowAtTime(space: KeySpace, slot: number, timestamp: number | undefined): number | undefined {
  if (timestamp === undefined) return newestRow(space, slot);
  const only = space.keys.onlyRow(slot);
  if (only !== undefined) {
    return space.entries.timestamp(only) <= timestamp && !isExpired(space, only) ? only : undefined;
  }
  const history = space.keys.history(slot);
  return history && lastUnexpired(space, history.inTime, history.afterTime(timestamp));
}

/** The heads that readers see: those not expired; if none remain, the latest value. */
export function visibleHeads(space: KeySpace, slot: number): readonly number[] {
  const heads = space.unflagged(slot).filter((row) => isCurrent(space, row));
  if (heads.length > 0) return heads;
  const latest = latestRow(space, slot);
  return latest === undefined ? [] : [latest];
}

/** Whether the entry of a row has expired by the fleet's clock. */
export function isExpired(space: KeySpace, row: number): boolean {
  return space.entries.expires(row) && space.entries.isExpired(row, space.clock.nowMs());
}

/**
 * Expired rows of a key to be removed, and for each origin the last seq of the rows that they hide and that have not
 * passed. If these are of more origins than one mutation names, some of them, and no rows: those come first.
 * @param most rows given
 */
export function expiredOf(
  space: KeySpace,
  slot: number,
  most: number,
): { readonly rows: readonly number[]; readonly hidden: ReadonlyMap<Origin, number> } {
  const { entries } = space;
  const nowMs = space.clock.nowMs();
  const expired =
    space.keys.history(slot)?.expired(nowMs) ?? space.rows(slot).filter((row) => isExpired(space, row));
  const rows = expired.slice(0, most);
  const removed = new Set(rows);
  const observed = observedBy(space, rows);
  const hidden = new Map<Origin, number>();
  for (const row of space.keys.history(slot)?.candidates ?? []) {
    if (removed.has(row) || !isHidden(space, observed, row)) continue;
    raise(hidden, entries.originName(row), entries.seq(row));
    if (hidden.size > limits.contextOrigins) {
      hidden.delete(entries.originName(row));
      return { rows: [], hidden };
    }
  }
  return { rows, hidden };
}

function isCurrent({ entries, clock }: KeySpace, row: number): boolean {
  return !entries.isMarked(row) || (!entries.passed(row) && !entries.isExpired(row, clock.nowMs()));
}

function lastCurrent(space: KeySpace, slot: number, order: readonly number[]): number | undefined {
  const { entries } = space;
  const nowMs = space.clock.nowMs();
  const observed = observedBy(space, space.keys.history(slot)?.expired(nowMs) ?? []);
  return order.findLast(
    (row) => !entries.passed(row) && !entries.isExpired(row, nowMs) && !isHidden(space, observed, row),
  );
}

/** What the writers of these entries of a key had observed: for each origin, the last seq. */
function observedBy({ entries }: KeySpace, rows: readonly number[]): ReadonlyMap<Origin, number> {
  const observed = new Map<Origin, number>();
  for (const row of rows) {
    const own = entries.originName(row);
    raise(observed, own, entries.seq(row) - 1);
    for (const [origin, seq] of entries.context(row)) if (origin !== own) raise(observed, origin, seq);
  }
  return observed;
}

function isHidden({ entries }: KeySpace, observed: ReadonlyMap<Origin, number>, row: number): boolean {
  return observed.size > 0 && entries.seq(row) <= (observed.get(entries.originName(row)) ?? 0);
}

function lastUnexpired(space: KeySpace, order: readonly number[], end: number): number | undefined {
  for (let i = end - 1; i >= 0; i--) if (!isExpired(space, order[i] as number)) return order[i];
  return undefined;
}
