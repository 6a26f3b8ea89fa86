import type { Dot, Origin } from '../../src/core/dot.js';

/** For each origin, the last seq. */
export type TrueVector = ReadonlyMap<Origin, number>;

/** An entry as a server with some vector must hold it. */
export interface TrueEntry extends Dot {
  readonly version: number;
  readonly timestamp: number;
  readonly value: string;
  readonly superseded: boolean;
  readonly passed: boolean;
  readonly expiresAt: number | undefined;
  /** What its writer had applied, the entry itself included. */
  readonly observed: TrueVector;
}

/** What a key must look like to a server with some vector. */
export interface TrueKey {
  /** Greatest version and timestamp that the key was given, or the floor of its part where that is greater. */
  readonly greatestVersion: number;
  readonly greatestTimestamp: number;
  /** In the order (version, timestamp, origin, seq). */
  readonly entries: readonly TrueEntry[];
  readonly heads: readonly TrueEntry[];
}

export function covers(vector: TrueVector, { origin, seq }: Dot): boolean {
  return (vector.get(origin) ?? 0) >= seq;
}

export function isSameDot(a: Dot, b: Dot): boolean {
  return a.origin === b.origin && a.seq === b.seq;
}

/** The order (version, timestamp, origin, seq). */
export function inVersionOrder(a: TrueEntry, b: TrueEntry): number {
  return a.version - b.version || a.timestamp - b.timestamp || byName(a, b) || a.seq - b.seq;
}

/** The order (timestamp, origin): the one order of trims and retention, and of the newest value. */
export function inTimeOrder(a: TrueEntry, b: TrueEntry): number {
  return a.timestamp - b.timestamp || byName(a, b) || a.seq - b.seq;
}

function byName(a: Dot, b: Dot): number {
  return a.origin < b.origin ? -1 : a.origin > b.origin ? 1 : 0;
}

/** Whether an entry has expired at a reader with this fleet time. */
export function isExpired({ expiresAt }: Pick<TrueEntry, 'expiresAt'>, fleetMs: number): boolean {
  return expiresAt !== undefined && expiresAt <= fleetMs;
}

/** What can be read by its version, and in histories: all that has not expired. */
export function readable(entries: readonly TrueEntry[], fleetMs: number): readonly TrueEntry[] {
  return entries.filter((entry) => !isExpired(entry, fleetMs));
}

/** What expired entries hide beside themselves: all that their writers had observed. */
export function hiddenBy(expired: readonly TrueEntry[], entries: readonly TrueEntry[]): readonly TrueEntry[] {
  return entries.filter((entry) =>
    expired.some((one) => !isSameDot(one, entry) && covers(one.observed, entry)),
  );
}

/** What may be the latest value: not expired, not hidden by what has expired, not passed. */
export function current(entries: readonly TrueEntry[], fleetMs: number): readonly TrueEntry[] {
  const expired = entries.filter((entry) => isExpired(entry, fleetMs));
  const hidden = new Set(hiddenBy(expired, entries));
  return readable(entries, fleetMs).filter((entry) => !entry.passed && !hidden.has(entry));
}

/** The greatest version ≤ `version`; the latest if `undefined`. */
export function lastOf(
  entries: readonly TrueEntry[],
  fleetMs: number,
  version?: number,
): TrueEntry | undefined {
  if (version === undefined) return current(entries, fleetMs).at(-1);
  return readable(entries, fleetMs)
    .filter((entry) => entry.version <= version)
    .at(-1);
}

/** The last in the order of time; or the last not after `timestamp` of all that can be read. */
export function newestOf(
  entries: readonly TrueEntry[],
  fleetMs: number,
  timestamp?: number,
): TrueEntry | undefined {
  const candidates =
    timestamp === undefined
      ? current(entries, fleetMs)
      : readable(entries, fleetMs).filter((entry) => entry.timestamp <= timestamp);
  return [...candidates].sort(inTimeOrder).at(-1);
}

/** The values that readers see side by side: those that nothing supersedes, or else the latest. */
export function headsSeen(entries: readonly TrueEntry[], fleetMs: number): readonly TrueEntry[] {
  const all = current(entries, fleetMs);
  const heads = all.filter((entry) => !entry.superseded);
  return heads.length > 0 ? heads : all.slice(-1);
}
