import { raise, type Origin } from './dot.js';
import { KvsError } from './errors.js';
import { limits } from './limits.js';
import type { StoredLine } from './lines.js';
import type { EntryRecord, StoredValue } from './record.js';
import type { KeySpace } from './space.js';
import type { Store } from './store.js';
import type { VersionVector } from './vector.js';
import { walkRows } from './walk-rows.js';

// Keys without entries that are skipped between pauses: less than a millisecond.
const MISSES_BEFORE_PAUSE = 4096;
// A number in a set.
const PASSED_ROW_BYTES = 32;

/** One key, or those that begin with something. */
interface WalkedKeys {
  readonly key?: string | undefined;
  readonly prefix?: string | undefined;
}

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
  /** Rows that were superseded since the walk began. */
  private readonly supersededSince = new Set<number>();
  private goneBytes = 0;
  private broken = false;
  /** After the last slot to read. */
  private readonly slots: number;
  private readonly vector: VersionVector;
  private readonly prefix: string;

  /**
   * @param wanted the keys that are read; all of them, if it does not say
   * @param mostBytes memory for what is removed before the walk reaches it
   */
  constructor(
    private readonly space: KeySpace,
    store: Store,
    { key, prefix = '' }: WalkedKeys = {},
    private readonly mostBytes: number = limits.pointViewBytes,
  ) {
    this.prefix = prefix;
    [this.slot, this.slots] = key === undefined ? [0, space.keys.slotEnd] : slotsOf(space.keys.find(key));
    this.vector = store.vector.copy();
  }

  /** To be called just before a row is removed. */
  noteGone(slot: number, row: number): void {
    if (!this.awaits(slot) || !this.covers(row)) return;
    const record = this.asOfBegin(row);
    this.passedSince.delete(row);
    this.supersededSince.delete(row);
    const ofKey = this.gone.get(slot);
    if (ofKey) ofKey.push(record);
    else this.gone.set(slot, [record]);
    this.noteBytes(record.value.length + limits.pointViewEntryBytes);
  }

  /** To be called just before a row is marked as passed: at the moment of the walk it may have been the latest. */
  notePassed(slot: number, row: number): void {
    if (!this.awaits(slot) || !this.covers(row)) return;
    this.passedSince.add(row);
    this.noteBytes(PASSED_ROW_BYTES);
  }

  /** To be called just before a row is marked as superseded: at the moment of the walk it was a head. */
  noteSuperseded(slot: number, row: number): void {
    if (!this.awaits(slot) || !this.covers(row)) return;
    this.supersededSince.add(row);
    this.noteBytes(PASSED_ROW_BYTES);
  }

  /** Ends the walk: its remaining rows cannot be read any more. */
  end(): void {
    this.broken = true;
    this.gone.clear();
    this.passedSince.clear();
    this.supersededSince.clear();
  }

  /**
   * Every version of every key that has a latest value, those of a key in ascending order. Yields `undefined` after a
   * long stretch without any. What is only history, because something expired hides it, is left out with its key: in the
   * store that takes a copy it would be the latest value again.
   * @throws KvsError LEITURA_VENCIDA if too much was removed meanwhile, or everything was replaced
   */
  *rows(): Generator<StoredValue | undefined> {
    for (let passed = 0; this.slot < this.slots;) {
      const { key, records } = this.nextKey();
      const nowMs = this.space.clock.nowMs();
      const shown = hasLatest(records, nowMs) ? records : [];
      for (const { value, version, timestamp, expiresAt } of shown) {
        if (expiresAt === undefined) yield { key, value, version, timestamp };
        else if (expiresAt > nowMs) yield { key, value, version, timestamp, expiresAt };
      }
      if (shown.length === 0 && ++passed % MISSES_BEFORE_PAUSE === 0) yield undefined;
      this.assertWhole();
    }
  }

  /**
   * Every version that can be read of the wanted keys, those of a key in ascending order. Yields `undefined` after a
   * long stretch without any.
   * @throws KvsError LEITURA_VENCIDA as {@link rows}
   */
  *lines(): Generator<StoredLine | undefined> {
    while (this.slot < this.slots) {
      if (!this.awaits(this.slot)) {
        if (++this.slot % MISSES_BEFORE_PAUSE === 0) yield undefined;
        continue;
      }
      const { key, records } = this.nextKey();
      for (const line of linesFrom(key, records, this.space.clock.nowMs())) {
        this.assertWhole();
        yield line;
      }
      this.assertWhole();
      if (this.slot % MISSES_BEFORE_PAUSE === 0) yield undefined;
    }
  }

  /** The entries of the next key in ascending order. */
  private nextKey(): { readonly key: string; readonly records: readonly EntryRecord[] } {
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
    return { key: this.space.keys.name(slot), records };
  }

  private assertWhole(): void {
    if (!this.broken) return;
    throw new KvsError(
      'LEITURA_VENCIDA',
      'mudou demais enquanto a leitura andava; comece de novo, com um leitor mais rápido',
    );
  }

  private awaits(slot: number): boolean {
    if (slot < this.slot || slot >= this.slots) return false;
    return this.prefix === '' || this.space.keys.name(slot).startsWith(this.prefix);
  }

  private asOfBegin(row: number): EntryRecord {
    const record = this.space.record(row);
    const passed = this.passedSince.has(row) ? { passed: false } : {};
    return this.supersededSince.has(row)
      ? { ...record, ...passed, superseded: false }
      : { ...record, ...passed };
  }

  private noteBytes(bytes: number): void {
    this.goneBytes += bytes;
    if (this.goneBytes > this.mostBytes) this.end();
  }

  private covers(row: number): boolean {
    const { entries } = this.space;
    return entries.seq(row) <= this.vector.seqAt(entries.origin(row));
  }
}

/** Whether one of these entries of a key, in ascending order, is its latest value. */
function hasLatest(records: readonly EntryRecord[], nowMs: number): boolean {
  return latestOf(records, nowMs) !== undefined;
}

function latestOf(records: readonly EntryRecord[], nowMs: number): EntryRecord | undefined {
  // What the writers of the expired entries had observed: for each origin, the last seq.
  const observed = new Map<Origin, number>();
  for (const { origin, seq, context } of records.filter((record) => isOver(record, nowMs))) {
    raise(observed, origin, seq - 1);
    for (const [seen, last] of context) if (seen !== origin) raise(observed, seen, last);
  }
  const isHidden = ({ passed, origin, seq }: EntryRecord): boolean =>
    passed === true || seq <= (observed.get(origin) ?? 0);
  // From the end: the last entries decide in most cases, however many there are.
  return records.findLast((record) => !isOver(record, nowMs) && !isHidden(record));
}

function isOver({ expiresAt = Infinity }: EntryRecord, nowMs: number): boolean {
  return expiresAt <= nowMs;
}

function slotsOf(slot: number | undefined): readonly [number, number] {
  return slot === undefined ? [0, 0] : [slot, slot + 1];
}

/** The entries of a key, in ascending order, of which readers know at this time. */
function* linesFrom(key: string, records: readonly EntryRecord[], nowMs: number): Generator<StoredLine> {
  const heads = new Set(
    records.filter((one) => !one.superseded && one.passed !== true && !isOver(one, nowMs)),
  );
  const latest = heads.size > 0 ? undefined : latestOf(records, nowMs);
  if (latest) heads.add(latest);
  for (const [i, record] of records.entries()) {
    if (isOver(record, nowMs)) continue;
    const { value, version, timestamp, origin, seq, expiresAt } = record;
    const isSibling = records[i - 1]?.version === version || records[i + 1]?.version === version;
    const line = { key, value, version, timestamp, origin, seq, isHead: heads.has(record), isSibling };
    yield expiresAt === undefined ? line : { ...line, expiresAt };
  }
}

/** Every version of a key in ascending order, read lazily and with pauses. */
export function versionsOf(store: Store, key: string): Generator<StoredValue | undefined> {
  return walkRows(store, key, (space, slot, rows) => rows.map((row) => space.value(slot, row)));
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
