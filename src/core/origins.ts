import { Uint32Column } from './columns.js';
import { type Origin } from './dot.js';
import { halfSipHash, type HashKey } from './half-sip-hash.js';
import { hashString } from './hash.js';

/** Buckets of origins, by hash of the name. A power of two. */
export const ORIGIN_BUCKETS = 256;

const NAME_CHARS = 64;
const SEQ_BYTES = 8;
const TEXT_SHIFT = 16;
const TEXT_CHUNK = 1 << TEXT_SHIFT;
const FIRST_SLOTS = 64;
// Names of the origins that are in use are kept as strings, too.
const HOT = 4096;

/**
 * The names of origins, numbered in the order in which this process met them, so that an entry holds a number instead
 * of a name. The numbers never leave the process and are never given twice. A store, the stages that it may adopt, and
 * the log of recent batches share one table.
 *
 * A million origins that are gone cost some tens of bytes each: names lie as bytes in chunks, and are found through an
 * open-addressing table of their numbers.
 */
export class Origins {
  private readonly texts: Uint8Array[] = [];
  /** Where the next name may begin. A name never crosses two chunks. */
  private end = 0;
  /** Position of the length of each name, which stands before it. */
  private readonly places = new Uint32Column();
  private readonly hashes = new Uint32Column();
  private slots = new Int32Array(FIRST_SLOTS).fill(-1);
  private names = 0;
  private readonly hotNames = new Array<Origin>(HOT).fill('');
  private readonly hotNumbers = new Int32Array(HOT).fill(-1);
  private readonly found = new Map<Origin, number>();
  private readonly scratch = new Uint8Array(NAME_CHARS + SEQ_BYTES);

  /** Origins with a number: those that a store knows, and some that were only named. */
  get count(): number {
    return this.names;
  }

  /** The number of an origin, assigned on first use. The name must match `ORIGIN_PATTERN`. */
  indexOf(origin: Origin): number {
    return this.knownIndexOf(origin) ?? this.add(origin, hashString(origin));
  }

  /** The number of an origin that has one. */
  knownIndexOf(origin: Origin): number | undefined {
    const hot = this.found.get(origin);
    if (hot !== undefined) return hot;
    const hash = hashString(origin);
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = this.slots[slot] as number;
      if (index < 0) return undefined;
      if (this.hashes.get(index) === hash && this.isNamed(index, origin)) {
        this.remember(origin, index);
        return index;
      }
    }
  }

  nameAt(index: number): Origin {
    const place = index & (HOT - 1);
    if (this.hotNumbers[place] === index) return this.hotNames[place] as Origin;
    const at = this.places.get(index);
    const text = this.texts[at >>> TEXT_SHIFT] as Uint8Array;
    const from = (at & (TEXT_CHUNK - 1)) + 1;
    let name = '';
    for (let i = from; i < from + (text[from - 1] as number); i++)
      name += String.fromCharCode(text[i] as number);
    this.hotNumbers[place] = index;
    this.hotNames[place] = name;
    return name;
  }

  /** Hash of the name, the same in every process. */
  hashAt(index: number): number {
    return this.hashes.get(index);
  }

  bucketAt(index: number): number {
    return this.hashes.get(index) & (ORIGIN_BUCKETS - 1);
  }

  /** Keyed hash of an origin's name and a seq, in the two numbers of `out`. */
  keyedHash(index: number, seq: number, key: HashKey, out: Uint32Array): void {
    const { scratch } = this;
    const at = this.places.get(index);
    const text = this.texts[at >>> TEXT_SHIFT] as Uint8Array;
    const from = (at & (TEXT_CHUNK - 1)) + 1;
    const length = text[from - 1] as number;
    for (let i = 0; i < length; i++) scratch[i] = text[from + i] as number;
    const high = Math.floor(seq / 0x1_0000_0000);
    for (let i = 0; i < 4; i++) {
      scratch[length + i] = seq >>> (8 * i);
      scratch[length + 4 + i] = high >>> (8 * i);
    }
    halfSipHash(key, scratch, length + SEQ_BYTES, out);
  }

  private isNamed(index: number, origin: Origin): boolean {
    const at = this.places.get(index);
    const text = this.texts[at >>> TEXT_SHIFT] as Uint8Array;
    const from = (at & (TEXT_CHUNK - 1)) + 1;
    if (text[from - 1] !== origin.length) return false;
    for (let i = 0; i < origin.length; i++) if (text[from + i] !== origin.charCodeAt(i)) return false;
    return true;
  }

  private add(origin: Origin, hash: number): number {
    if (origin.length > NAME_CHARS) throw new Error(`an origin of ${origin.length} characters`);
    const index = this.names++;
    const room = TEXT_CHUNK - (this.end & (TEXT_CHUNK - 1));
    if (this.texts.length === 0 || room <= origin.length + 1) {
      this.end = this.texts.length << TEXT_SHIFT;
      this.texts.push(new Uint8Array(TEXT_CHUNK));
    }
    const text = this.texts[this.end >>> TEXT_SHIFT] as Uint8Array;
    const from = this.end & (TEXT_CHUNK - 1);
    text[from] = origin.length;
    for (let i = 0; i < origin.length; i++) text[from + 1 + i] = origin.charCodeAt(i);
    this.places.reach(index);
    this.places.set(index, this.end);
    this.hashes.reach(index);
    this.hashes.set(index, hash);
    // The last byte of a chunk stays free, so that `end` names the chunk that it is in.
    this.end += 1 + origin.length;
    if (2 * this.names > this.slots.length) this.grow();
    else this.enter(index);
    this.remember(origin, index);
    return index;
  }

  private grow(): void {
    this.slots = new Int32Array(2 * this.slots.length).fill(-1);
    for (let index = 0; index < this.names; index++) this.enter(index);
  }

  private enter(index: number): void {
    const mask = this.slots.length - 1;
    let slot = this.hashes.get(index) & mask;
    while ((this.slots[slot] as number) >= 0) slot = (slot + 1) & mask;
    this.slots[slot] = index;
  }

  private remember(origin: Origin, index: number): void {
    if (this.found.size >= HOT) this.found.clear();
    this.found.set(origin, index);
  }
}
