import { Float64Column, Int32Column, Uint32Column } from './columns.js';
import { hashString, mix } from './hash.js';
import type { Histories } from './histories.js';
import type { KeyHistory } from './history.js';
import { KeyIndex } from './key-index.js';
import { limits } from './limits.js';
import { TextColumn } from './text-column.js';

const NO_HISTORY = -1;

const FREED = -(2 ** 31);

/**
 * The keys, one slot each. The greatest version and timestamp of a key outlive its entries, so a key is kept until the
 * floor of its part says as much; its slot is used again then. A key with one entry needs no object: its slot refers to
 * the row. Otherwise the slot refers to a {@link KeyHistory}.
 */
export class KeyTable {
  /** @param mayReuse whether the slots of forgotten keys may be used again now */
  constructor(
    private readonly mayReuse: () => boolean,
    private readonly histories: Histories,
  ) {}

  /** The key that was looked up last, its hash and its slot. */
  private lastKey: string | undefined;
  private lastHash = 0;
  private lastSlot: number | undefined;
  private readonly names = new TextColumn();
  private readonly hashes = new Uint32Column();
  private readonly index = new KeyIndex(this.names, this.hashes);
  private readonly versions = new Int32Column();
  private readonly timestamps = new Float64Column();
  /** ≥ 0: the row of the only entry; −1: no entry; ≤ −2: history number −(x + 2); {@link FREED}: no key. */
  private readonly contents = new Int32Column();
  private readonly free: number[] = [];
  private end = 0;
  private empties = 0;

  /** Keys kept, those without entries included. */
  get count(): number {
    return this.index.size;
  }

  /** Keys without entries. */
  get emptyCount(): number {
    return this.empties;
  }

  /** Every slot in use is below this. Some below it may be free: see {@link isKept}. */
  get slotEnd(): number {
    return this.end;
  }

  /** Whether a slot has a key. */
  isKept(slot: number): boolean {
    return this.contents.get(slot) !== FREED;
  }

  /** Whether a slot has a key without entries. */
  isEmpty(slot: number): boolean {
    return this.contents.get(slot) === NO_HISTORY;
  }

  /** The part of the key space that a key belongs to. */
  partOf(slot: number): number {
    return this.hashes.get(slot) & (limits.parts - 1);
  }

  /** The keys of a part, as they are now. */
  ofPart(part: number): readonly number[] {
    return this.index.ofPart(part);
  }

  find(key: string): number | undefined {
    // A mutation looks up its key several times.
    if (key === this.lastKey) return this.lastSlot;
    this.lastKey = key;
    this.lastHash = hashString(key);
    return (this.lastSlot = this.index.find(key, this.lastHash));
  }

  findOrAdd(key: string): number {
    const known = this.find(key);
    if (known !== undefined) return known;
    const slot = (this.mayReuse() ? this.free.pop() : undefined) ?? this.grow();
    this.lastSlot = slot;
    this.names.set(slot, key);
    this.hashes.set(slot, this.lastHash);
    this.index.add(slot);
    this.contents.set(slot, NO_HISTORY);
    this.empties++;
    return slot;
  }

  /** Forgets a key without entries. O(1): keys that expire together may be many. */
  forget(slot: number): void {
    this.index.remove(slot);
    this.lastKey = undefined;
    this.lastSlot = undefined;
    this.contents.set(slot, FREED);
    this.versions.set(slot, 0);
    this.timestamps.set(slot, 0);
    // A walk that waits for the slot to be used again may still ask for the name.
    if (this.mayReuse()) this.names.set(slot, '');
    this.empties--;
    this.free.push(slot);
  }

  private grow(): number {
    const slot = this.end++;
    this.names.reach(slot);
    this.hashes.reach(slot);
    this.versions.reach(slot);
    this.timestamps.reach(slot);
    this.contents.reach(slot);
    return slot;
  }

  name(slot: number): string {
    // Mostly that of the key that was just looked up, which need not be made from its bytes.
    return slot === this.lastSlot ? (this.lastKey as string) : this.names.get(slot);
  }

  /** UTF-16 units of the name. */
  nameUnits(slot: number): number {
    return this.names.length(slot);
  }

  /** Compares a key with another by code points: negative if it comes before. */
  compareName(slot: number, other: string): number {
    return this.names.compare(slot, other);
  }

  hash(slot: number): number {
    return this.hashes.get(slot);
  }

  greatestVersion(slot: number): number {
    return this.versions.get(slot);
  }

  greatestTimestamp(slot: number): number {
    return this.timestamps.get(slot);
  }

  /** Raises the counters; never lowers them. */
  raise(slot: number, version: number, timestamp: number): void {
    if (version > this.versions.get(slot)) this.versions.set(slot, version);
    if (timestamp > this.timestamps.get(slot)) this.timestamps.set(slot, timestamp);
  }

  /** Hash of the key's counters, effective under a floor. */
  counterHash(slot: number, floorVersion: number, floorTimestamp: number): number {
    const version = Math.max(this.versions.get(slot), floorVersion);
    const timestamp = Math.max(this.timestamps.get(slot), floorTimestamp);
    return mix(mix(this.hashes.get(slot), version), timestamp);
  }

  /** The row of the key's only entry; `undefined` if it has none or several. */
  onlyRow(slot: number): number | undefined {
    const content = this.contents.get(slot);
    return content >= 0 ? content : undefined;
  }

  history(slot: number): KeyHistory | undefined {
    const content = this.contents.get(slot);
    return content <= -2 && content !== FREED ? this.histories.get(-content - 2) : undefined;
  }

  setOnlyRow(slot: number, row: number): void {
    if (this.contents.get(slot) === NO_HISTORY) this.empties--;
    this.freeHistory(slot);
    this.contents.set(slot, row);
  }

  setEmpty(slot: number): void {
    if (this.contents.get(slot) !== NO_HISTORY) this.empties++;
    this.freeHistory(slot);
    this.contents.set(slot, NO_HISTORY);
  }

  /** To be called after every change of a history, too. */
  setHistory(slot: number, history: KeyHistory): void {
    const content = this.contents.get(slot);
    if (content <= -2) {
      this.histories.set(-content - 2, history);
      return;
    }
    if (content === NO_HISTORY) this.empties--;
    this.contents.set(slot, -this.histories.add(history) - 2);
  }

  private freeHistory(slot: number): void {
    const content = this.contents.get(slot);
    if (content <= -2) this.histories.remove(-content - 2);
  }
}
