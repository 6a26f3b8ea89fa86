import { raise, type Origin } from './dot.js';
import { KvsError } from './errors.js';
import { limits } from './limits.js';
import type { EntryRecord, StoredValue } from './record.js';
import type { KeySpace } from './space.js';
import type { Store } from './store.js';
import { isExpired } from './visible.js';
import type { VersionVector } from './vector.js';

// Keys without entries that are skipped between pauses: less than a millisecond.
const MISSES_BEFORE_PAUSE = 4096;
// A number in a set.
const PASSED_ROW_BYTES = 32;

/**
 * A walk over all entries as they were when it began: entries removed before the walk reaches them are remembered for
 * it.
 */
export class PointView {
  /** The next slot to read. */
  private slot = 0;
  private readonly gone = new Map<number, EntryRecord[]>();
  /** Rows that have passed since the walk began. */
  private readonly passedSince = new Set<number>();
  private goneBytes = 0;
  private broken = false;
  private readonly slots: number;
  private readonly vector: VersionVector;

  constructor(
    private readonly space: KeySpace,
    store: Store,
  ) {
    this.slots = space.keys.slotEnd;
    this.vector = store.vector.copy();
  }

  /** To be called just before a row is removed. */
  noteGone(slot: number, row: number): void {
    if (slot < this.slot || !this.covers(row)) return;
    const record = this.asOfBegin(row);
    this.passedSince.delete(row);
    const ofKey = this.gone.get(slot);
    if (ofKey) ofKey.push(record);
    else this.gone.set(slot, [record]);
    this.noteBytes(record.value.length + limits.pointViewEntryBytes);
  }

  /** To be called just before a row is marked as passed: at the moment of the walk it may have been the latest. */
  notePassed(slot: number, row: number): void {
    if (slot < this.slot || !this.covers(row)) return;
    this.passedSince.add(row);
    this.noteBytes(PASSED_ROW_BYTES);
  }

  /** Ends the walk: its remaining rows cannot be read any more. */
  end(): void {
    this.broken = true;
    this.gone.clear();
    this.passedSince.clear();
  }

  /**
   * Every version of every key that has a latest value, those of a key in ascending order. Yields `undefined` after a
   * long stretch without any. What is only history, because something expired hides it, is left out with its key: in the
   * store that takes a copy it would be the latest value again.
   * @throws KvsError LEITURA_VENCIDA if too much was removed meanwhile, or everything was replaced
   */
  *rows(): Generator<StoredValue | undefined> {
    for (let passed = 0; this.slot < this.slots;) {
      const slot = this.slot++;
      const records = this.space
        .rows(slot)
        .filter((row) => this.covers(row))
        .map((row) => this.asOfBegin(row));
      const gone = this.gone.get(slot);
      if (gone) {
        records.push(...gone);
        records.sort((a, b) => a.version - b.version || a.timestamp - b.timestamp);
        this.gone.delete(slot);
      }
      const key = this.space.keys.name(slot);
      const nowMs = this.space.clock.nowMs();
      const shown = hasLatest(records, nowMs) ? records : [];
      for (const { value, version, timestamp, expiresAt } of shown) {
        if (expiresAt === undefined) yield { key, value, version, timestamp };
        else if (expiresAt > nowMs) yield { key, value, version, timestamp, expiresAt };
      }
      if (shown.length === 0 && ++passed % MISSES_BEFORE_PAUSE === 0) yield undefined;
      if (this.broken) {
        throw new KvsError(
          'LEITURA_VENCIDA',
          'mudou demais enquanto a leitura andava; comece de novo, com um leitor mais rápido',
        );
      }
    }
  }

  private asOfBegin(row: number): EntryRecord {
    const record = this.space.record(row);
    return this.passedSince.has(row) ? { ...record, passed: false } : record;
  }

  private noteBytes(bytes: number): void {
    this.goneBytes += bytes;
    if (this.goneBytes > limits.pointViewBytes) this.end();
  }

  private covers(row: number): boolean {
    const { entries } = this.space;
    return entries.seq(row) <= this.vector.seqAt(entries.origin(row));
  }
}

/** Whether one of these entries of a key, in ascending order, is its latest value. */
function hasLatest(records: readonly EntryRecord[], nowMs: number): boolean {
  const isOver = ({ expiresAt = Infinity }: EntryRecord): boolean => expiresAt <= nowMs;
  // What the writers of the expired entries had observed: for each origin, the last seq.
  const observed = new Map<Origin, number>();
  for (const { origin, seq, context } of records.filter(isOver)) {
    raise(observed, origin, seq - 1);
    for (const [seen, last] of context) if (seen !== origin) raise(observed, seen, last);
  }
  const isHidden = ({ passed, origin, seq }: EntryRecord): boolean =>
    passed === true || seq <= (observed.get(origin) ?? 0);
  // From the end: the last entries decide in most cases, however many there are.
  return records.findLast((record) => !isOver(record) && !isHidden(record)) !== undefined;
}

// Versions of a key that are read between pauses.
const ROWS_BEFORE_PAUSE = 1024;

/** Every version of a key in ascending order, read lazily and with pauses. */
export function* versionsOf(store: Store, key: string): Generator<StoredValue | undefined> {
  for (let last = 0; ;) {
    // Looked up anew after each pause: rows may have been removed, or a state adopted.
    const space = store.keySpace;
    const slot = space.keys.find(key);
    if (slot === undefined) return;
    const found = space.rowsAfter(slot, last, ROWS_BEFORE_PAUSE);
    const lastFound = found.at(-1);
    if (lastFound === undefined) return;
    last = space.entries.version(lastFound);
    yield* found.filter((row) => !isExpired(space, row)).map((row) => space.value(slot, row));
    if (found.length >= ROWS_BEFORE_PAUSE) yield undefined;
  }
}

/** Every version of every key as of the request for the first row, read lazily. */
export function* everyVersion(store: Store): Generator<StoredValue | undefined> {
  const space = store.keySpace;
  const view = new PointView(space, store);
  space.views.add(view);
  try {
    yield* view.rows();
  } finally {
    space.views.delete(view);
  }
}
