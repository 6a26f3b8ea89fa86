import { NO_ENTRIES, type Origin, type VectorEntries } from '../../../core/dot.js';
import { lastSeq, type Batch } from '../../../core/mutation.js';
import type { Origins } from '../../../core/origins.js';
import { VersionVector } from '../../../core/vector.js';
import type { BatchCodec } from '../../../ports/bus.js';
import { partOf } from './oversize.js';
import type { Obstacle } from './oversize.js';
import type { FleetTuning } from './tuning.js';

/** A batch in the log, kept as text: thousands of long-lived small objects would cost each write several µs. */
interface Logged {
  readonly origin: Origin;
  /** The first seq that was applied with it: those before it came with an earlier batch. */
  readonly from: number;
  readonly last: number;
  /** Its dependencies: numbers of origins, each followed by a seq. */
  readonly causes: readonly number[];
  readonly mutations: number;
  readonly packed: string;
  readonly bytes: number;
}

/** Marks the place in the log where a state was joined. */
const HOLE = null;

const NO_CAUSES: readonly number[] = Object.freeze([]);

/** What the log knows of a batch without reading it. */
export interface LoggedBatch {
  readonly origin: Origin;
  /** The first seq that was applied with it. */
  readonly from: number;
  readonly last: number;
  readonly dependencies: VectorEntries;
}

// Forgotten items are removed in bulk, so that appending stays cheap.
const COMPACT_AT = 1024;

/** Batches of one answer. `more`: the page was full. */
interface LogPage {
  readonly batches: readonly Batch[];
  readonly bytes: number;
  readonly more: boolean;
  /** The next item, if it is too large for any page. */
  readonly obstacle?: Obstacle;
}

/**
 * The batches that this server applied most recently, its own and others', in the order in which it applied them. That
 * order is causal, so a server that has what came before can apply any stretch of it. Bounded; the oldest go first.
 *
 * Batches are kept and sent unmerged: merging two would give each the causes of the other.
 */
export class RecentLog {
  private items: (Logged | typeof HOLE)[] = [];
  /** Items before this index are forgotten; they are removed once there are many. */
  private oldest = 0;
  /** Position of `items[0]`; positions count every item ever logged by this incarnation. */
  private base = 0;
  private bytes = 0;
  private mutations = 0;
  /** Position right after the last hole. */
  private afterHole = 0;
  /** For each origin, the last seq that is no longer in the log: what is kept begins right after it. */
  private readonly absent: VersionVector;
  /** Called just before the batch at a position is forgotten. */
  onForget: (position: number) => void = () => undefined;

  /** @param origins the table of the store */
  constructor(
    private readonly codec: BatchCodec,
    private readonly tuning: FleetTuning,
    origins: Origins,
  ) {
    this.absent = new VersionVector(origins);
  }

  /** The position after the newest item. */
  get position(): number {
    return this.base + this.items.length;
  }

  /**
   * @param packed the batch as the codec wrote it
   * @param bytes an upper bound on its size on the wire
   * @param from the first seq that was not applied before
   */
  append(batch: Batch, packed: string, bytes: number, from = batch.first): void {
    const { origin } = batch;
    const mutations = batch.mutations.length;
    const causes = this.causesOf(batch.dependencies);
    this.items.push({ origin, from, last: lastSeq(batch), causes, mutations, packed, bytes });
    this.bytes += bytes;
    this.mutations += mutations;
    while (this.isOver()) this.forgetOldest();
    if (this.oldest < COMPACT_AT || this.oldest * 2 < this.items.length) return;
    this.items = this.items.slice(this.oldest);
    this.base += this.oldest;
    this.oldest = 0;
  }

  /**
   * Notes that what this vector has beyond `before` was reached without batches, by joining a state. A peer that lacks
   * it must join a state too, and a peer that is staging this server's state must start over.
   */
  noteJoin(joined: VersionVector, before = new VersionVector(joined.origins)): void {
    for (const origin of joined.beyond(before)) this.absent.advance(origin, joined.seqAt(origin));
    this.items.push(HOLE);
    this.afterHole = this.position;
  }

  /** The first position from which on everything is in the log, without a state that was joined in between. */
  get start(): number {
    return Math.max(this.base + this.oldest, this.afterHole);
  }

  /** The batch at a position from {@link start} on. */
  batchAt(position: number): LoggedBatch {
    const { origin, from, last, causes } = this.loggedAt(position);
    return { origin, from, last, dependencies: this.dependenciesOf(causes) };
  }

  /** The same without its dependencies, which cost a look at names. */
  headAt(position: number): Omit<LoggedBatch, 'dependencies'> {
    return this.loggedAt(position);
  }

  /** The same batch as it was written. */
  unpackAt(position: number): Batch {
    return this.codec.unpack(this.loggedAt(position).packed);
  }

  private loggedAt(position: number): Logged {
    const item = this.items[position - this.base];
    if (!item) throw new Error(`nothing is at position ${position} of the log`);
    return item;
  }

  private causesOf(dependencies: VectorEntries): readonly number[] {
    if (dependencies.length === 0) return NO_CAUSES;
    return dependencies.flatMap(([origin, seq]) => [this.absent.indexOf(origin), seq]);
  }

  private dependenciesOf(causes: readonly number[]): VectorEntries {
    if (causes.length === 0) return NO_ENTRIES;
    const entries: [Origin, number][] = [];
    for (let i = 0; i < causes.length; i += 2)
      entries.push([this.absent.nameAt(causes[i] as number), causes[i + 1] as number]);
    return entries;
  }

  /**
   * What a peer with this vector lacks, oldest first, up to `pageBytes` (at least one batch, or what fits of it).
   * @param mine this server's vector
   * @param mostBytes a batch larger than this is cut
   * @param only whether the peer lacks nothing of the origins that `theirs` does not name
   * @returns `undefined` if something that the peer lacks is no longer in the log
   */
  missing(
    mine: VersionVector,
    theirs: ReadonlyMap<string, number>,
    pageBytes: number,
    mostBytes = Infinity,
    only = false,
  ): LogPage | undefined {
    const has = (origin: Origin): number => theirs.get(origin) ?? (only ? Infinity : 0);
    if (only) {
      for (const [origin, seq] of theirs)
        if (seq < Math.min(mine.seqOf(origin), this.absent.seqOf(origin))) return undefined;
      return this.page(this.oldest, pageBytes, (item) => item.last > has(item.origin), mostBytes, has);
    }
    const known = VersionVector.of(
      mine.origins,
      [...theirs].filter(([origin]) => mine.seqOf(origin) > 0),
    );
    for (const origin of this.absent.beyond(known))
      if (known.seqAt(origin) < mine.seqAt(origin)) return undefined;
    return this.page(this.oldest, pageBytes, (item) => item.last > has(item.origin), mostBytes, has);
  }

  /**
   * The batches from `position` on, up to `pageBytes` (at least one), with the position after them.
   * @param mostBytes a batch larger than this cannot be sent
   * @returns `undefined` if that position is no longer or not yet in the log, or the next batch cannot be sent
   */
  since(
    position: number,
    pageBytes: number,
    mostBytes = Infinity,
  ): (LogPage & { readonly position: number }) | undefined {
    if (position < this.start || position > this.position) return undefined;
    const page = this.page(position - this.base, pageBytes, () => true, mostBytes);
    if (page.obstacle) return undefined;
    return { ...page, position: position + page.batches.length };
  }

  /** @param has returns the last seq of an origin that the asker has; if absent, batches are not cut */
  private page(
    from: number,
    pageBytes: number,
    wanted: (item: Logged) => boolean,
    mostBytes: number,
    has?: (origin: Origin) => number,
  ): LogPage {
    const batches: Batch[] = [];
    let bytes = 0;
    for (let i = from; i < this.items.length; i++) {
      const item = this.items[i] as Logged | typeof HOLE;
      if (item === HOLE || !wanted(item)) continue;
      if (batches.length > 0 && bytes + item.bytes > pageBytes) return { batches, bytes, more: true };
      if (item.bytes > mostBytes) {
        const batch = this.codec.unpack(item.packed);
        const part = has ? partOf(batch, has(item.origin), mostBytes) : { key: undefined, bytes: item.bytes };
        return 'key' in part
          ? { batches, bytes, more: true, obstacle: part }
          : { batches: [part], bytes: mostBytes, more: true };
      }
      batches.push(this.codec.unpack(item.packed));
      bytes += item.bytes;
    }
    return { batches, bytes, more: false };
  }

  private isOver(): boolean {
    const count = this.items.length - this.oldest;
    if (count <= 1) return false;
    const { logBatches, logBytes, logMutations } = this.tuning;
    return count > logBatches || this.bytes > logBytes || this.mutations > logMutations;
  }

  private forgetOldest(): void {
    const item = this.items[this.oldest] as Logged | typeof HOLE;
    if (item !== HOLE) this.onForget(this.base + this.oldest);
    this.items[this.oldest++] = HOLE;
    if (item === HOLE) return;
    this.bytes -= item.bytes;
    this.mutations -= item.mutations;
    this.absent.advance(this.absent.indexOf(item.origin), item.last);
  }
}
