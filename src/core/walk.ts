import { attemptBytes, expiryBytes, jsonStringBytes, vectorBytes } from './json-size.js';
import { limits } from './limits.js';
import { PartSet } from './parts.js';
import type { EntryRecord, KeyFragment, OrderPosition, WalkCursor } from './record.js';
import type { Store } from './store.js';

// Field names and numbers of one entry (but for its origin), one key and one position on the wire, rounded up.
const ENTRY_OVERHEAD_BYTES = 136;
const KEY_OVERHEAD_BYTES = 80;
const POSITION_BYTES = 130;
// Most key slots that one page examines, so that a walk over few wanted parts never blocks the server.
const SLOTS_PER_PAGE = 100_000;

/** One page of a walk, and the cursor of the next (`undefined` after the last). */
interface WalkPage {
  readonly keys: readonly KeyFragment[];
  readonly cursor: WalkCursor | undefined;
}

export const WALK_START: WalkCursor = Object.freeze({ slot: 0, after: undefined });

/**
 * The next page of a walk over a store: keys of the wanted parts in slot order, a long history split over pages. Each
 * fragment is exact at the moment of its page; the stage applies the mutations between pages (see stage.ts). So a slot
 * may be used again meanwhile: everything about its new key is among those mutations.
 *
 * @param budgetBytes the page is closed before its JSON exceeds this; one entry always fits
 */
export function walkPage(store: Store, cursor: WalkCursor, wanted: PartSet, budgetBytes: number): WalkPage {
  const space = store.keySpace;
  const keys: KeyFragment[] = [];
  let bytes = 0;
  let after = cursor.after;
  const end = Math.min(space.keys.slotEnd, cursor.slot + SLOTS_PER_PAGE);
  for (let slot = cursor.slot; slot < end; slot++, after = undefined) {
    if (!space.keys.isKept(slot) || !wanted.has(space.partOf(slot))) continue;
    const keyBytes =
      jsonStringBytes(space.keys.name(slot)) + KEY_OVERHEAD_BYTES + (after ? POSITION_BYTES : 0);
    if (bytes > 0 && bytes + keyBytes > budgetBytes) return { keys, cursor: { slot, after } };
    bytes += keyBytes;
    const entries: EntryRecord[] = [];
    const rows = space.rows(slot);
    for (let i = firstAfter(store, slot, after); i < rows.length; i++) {
      const record = space.record(rows[i] as number);
      const entryBytes =
        ENTRY_OVERHEAD_BYTES +
        record.origin.length +
        jsonStringBytes(record.value) +
        vectorBytes(record.context) +
        attemptBytes(record.attempt) +
        expiryBytes(record.expiresAt);
      if (bytes + entryBytes > budgetBytes && (keys.length > 0 || entries.length > 0)) {
        const last = entries.at(-1);
        if (last) keys.push(fragment(store, slot, after, entries));
        return { keys, cursor: { slot, after: last ? positionOf(last) : after } };
      }
      bytes += entryBytes;
      entries.push(record);
    }
    keys.push(fragment(store, slot, after, entries));
  }
  return { keys, cursor: end < space.keys.slotEnd ? { slot: end, after: undefined } : undefined };
}

/** The parts in which two stores differ, by their hashes. */
export function differingParts(store: Store, partHashes: readonly string[]): PartSet {
  const set = PartSet.none();
  for (let part = 0; part < limits.parts; part++) {
    if (store.partHash(part) !== partHashes[part]) set.add(part);
  }
  return set;
}

function firstAfter(store: Store, slot: number, after: OrderPosition | undefined): number {
  if (!after) return 0;
  const space = store.keySpace;
  const rows = space.rows(slot);
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (space.entries.compare(rows[middle] as number, after) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function fragment(
  store: Store,
  slot: number,
  after: OrderPosition | undefined,
  entries: readonly EntryRecord[],
): KeyFragment {
  const { keys } = store.keySpace;
  return {
    key: keys.name(slot),
    greatestVersion: keys.greatestVersion(slot),
    greatestTimestamp: keys.greatestTimestamp(slot),
    after,
    entries,
  };
}

function positionOf(record: EntryRecord): OrderPosition {
  return { version: record.version, timestamp: record.timestamp, origin: record.origin, seq: record.seq };
}
