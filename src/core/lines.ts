import type { StoredValue } from './record.js';
import type { KeySpace } from './space.js';
import type { Store } from './store.js';
import { compareCodePoints } from './text-order.js';
import { isExpired, latestRow, rowAtTime, rowAtVersion, visibleHeads } from './visible.js';
import { walkRows } from './walk-rows.js';

// Keys of a range that are read between pauses.
const KEYS_BEFORE_PAUSE = 256;
const KEYS_ORDERED_BEFORE_PAUSE = 1024;

/** A version with everything that the store knows about it. */
export interface StoredLine extends StoredValue {
  readonly origin: string;
  readonly seq: number;
  /** No other supersedes it. */
  readonly isHead: boolean;
  /** Another entry of the key has the same version. */
  readonly isSibling: boolean;
}

/** Which version of a key is meant: see `LineQuery` of `src/ports/engine.ts`. */
interface LinePlace {
  readonly version?: number | undefined;
  readonly timestamp?: number | undefined;
  readonly back?: number | undefined;
}

/** Which keys are meant: see `KeyRange` of `src/ports/engine.ts`. */
interface Keys {
  readonly prefix?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly after?: string | undefined;
}

/** One version of a key. O(log n) in its versions, and O(`back`). */
export function lineOf(store: Store, key: string, place: LinePlace = {}): StoredLine | undefined {
  const space = store.keySpace;
  const slot = space.keys.find(key);
  return slot === undefined ? undefined : lineAt(space, slot, place);
}

/** Every version of a key in ascending order, read lazily and with pauses. */
export function linesOf(store: Store, key: string): Generator<StoredLine | undefined> {
  return walkRows(store, key, (space, slot, rows) => {
    const heads = new Set(visibleHeads(space, slot));
    return rows.map((row) => toLine(space, slot, row, heads));
  });
}

/** For each key of a range that has a row then, in order: read lazily and with pauses. */
export function* listOf(store: Store, range: Keys & LinePlace): Generator<StoredLine | undefined> {
  const { version, timestamp } = range;
  for (const key of keysOf(store, range)) {
    if (key === undefined) {
      yield undefined;
      continue;
    }
    const line = lineOf(store, key, { version, timestamp });
    if (line !== undefined) yield line;
  }
}

/** How many keys of a range have a latest value, and their versions: parts to be added up, with pauses. */
export function* countsOf(
  store: Store,
  range: Keys,
): Generator<{ readonly keys: number; readonly versions: number } | undefined> {
  let [keys, versions] = [0, 0];
  for (const key of keysOf(store, range)) {
    if (key === undefined) {
      yield { keys, versions };
      [keys, versions] = [0, 0];
      yield undefined;
      continue;
    }
    const space = store.keySpace;
    const slot = space.keys.find(key);
    if (slot === undefined || latestRow(space, slot) === undefined) continue;
    keys++;
    versions += readable(space, slot);
  }
  yield { keys, versions };
}

/** Whether a key has several entries of this version. */
export function isSibling(store: Store, key: string, version: number): boolean {
  const space = store.keySpace;
  const slot = space.keys.find(key);
  return slot !== undefined && space.rowsOfVersion(slot, version).length > 1;
}

/** The versions of a key that can be read. */
function readable(space: KeySpace, slot: number): number {
  const rows = space.rows(slot);
  if (space.entries.expiring.size === 0) return rows.length;
  return rows.filter((row) => !isExpired(space, row)).length;
}

/** The keys of a range, in order; `undefined` for a pause. */
function* keysOf(store: Store, { prefix = '', from = '', to, after }: Keys): Generator<string | undefined> {
  const first = compareCodePoints(prefix, from) > 0 ? prefix : from;
  const isAfter = after !== undefined && compareCodePoints(after, first) >= 0;
  let last = isAfter ? after : first;
  for (let inclusive = !isAfter; ; inclusive = false) {
    // The key space is read anew each time: a state may have been adopted since.
    while (!store.keySpace.order.catchUp(KEYS_ORDERED_BEFORE_PAUSE)) yield undefined;
    const { order, keys } = store.keySpace;
    const page = order.page(last, inclusive, to, KEYS_BEFORE_PAUSE).map((slot) => keys.name(slot));
    for (const key of page) {
      if (!key.startsWith(prefix)) return;
      yield key;
    }
    const end = page.at(-1);
    if (end === undefined) return;
    last = end;
    yield undefined;
  }
}

function lineAt(
  space: KeySpace,
  slot: number,
  { version, timestamp, back }: LinePlace,
): StoredLine | undefined {
  const row =
    timestamp !== undefined
      ? rowAtTime(space, slot, timestamp)
      : back === undefined || back === 0
        ? rowAtVersion(space, slot, version)
        : rowBefore(space, slot, back);
  return row === undefined ? undefined : toLine(space, slot, row, new Set(visibleHeads(space, slot)));
}

/** The row so many before the latest, of those that can be read. */
function rowBefore(space: KeySpace, slot: number, back: number): number | undefined {
  const latest = latestRow(space, slot);
  if (latest === undefined) return undefined;
  const rows = space.rows(slot);
  let left = back;
  for (let at = rows.indexOf(latest) - 1; at >= 0; at--) {
    const row = rows[at] as number;
    if (!isExpired(space, row) && --left === 0) return row;
  }
  return undefined;
}

function toLine(space: KeySpace, slot: number, row: number, heads: ReadonlySet<number>): StoredLine {
  const { entries } = space;
  return {
    ...space.value(slot, row),
    origin: entries.originName(row),
    seq: entries.seq(row),
    isHead: heads.has(row),
    isSibling: space.rowsOfVersion(slot, entries.version(row)).length > 1,
  };
}
