import type { Origin } from '../../../core/dot.js';
import { hashString, LANE_B, lanesToHex, mix } from '../../../core/hash.js';
import type { VersionVector } from '../../../core/vector.js';
import type { Applied } from '../../watching/mutation-events.js';
import type { OrderPlace } from './token.js';

/** What one leader wrote, as far as it is known here. */
interface Reign {
  readonly origin: Origin;
  /** Position and seq of its first mutation here. */
  readonly position: number;
  readonly seq: number;
  /** Hash of all that is of others. */
  readonly others: Lanes;
}

type Lanes = readonly [a: number, b: number];

interface OrderBounds {
  readonly logMutations: number;
  readonly logBytes: number;
}

// A mutation, its object here, and its place.
const OVERHEAD_BYTES = 200;
// What is forgotten leaves in batches, so that appending stays cheap.
const COMPACT_AT = 1024;

/**
 * The last mutations of all leaders in the one order that they have on every server, and what each removed. Those that
 * may not be shown yet wait. A position counts all that were ever here, so it means the same for as long as this lives.
 */
export class RecentOrder {
  private items: (Applied | undefined)[] = [];
  /** Position of `items[0]`, and how many of the first are forgotten. */
  private base = 0;
  private gone = 0;
  private bytes = 0;
  private pending: Applied[] = [];
  private reigns: Reign[] = [];
  /** Hash of all before {@link start}, and the last mutation of that, if known. */
  private before: Lanes = [0, 0];
  private lastBefore: OrderPlace['last'];

  constructor(private readonly bounds: OrderBounds) {}

  /** The position of the oldest mutation kept. */
  get start(): number {
    return this.base + this.gone;
  }

  /** The position after the last one shown. */
  get end(): number {
    return this.base + this.items.length;
  }

  /** The position after the last one applied. */
  get appliedEnd(): number {
    return this.end + this.pending.length;
  }

  at(position: number): Applied | undefined {
    return position < this.start ? undefined : this.items[position - this.base];
  }

  /** A mutation was applied, and may not be shown yet. */
  applied(applied: Applied): void {
    this.pending.push(applied);
  }

  /** The next mutation applied may be shown. */
  show(): Applied {
    const next = this.pending.shift();
    if (next === undefined) throw new Error('a mutation is shown that was not applied');
    const { origin, seq } = next;
    if (this.reigns.at(-1)?.origin !== origin) {
      const others = seq > 1 ? without(this.hashAt(this.end), origin, seq - 1) : this.hashAt(this.end);
      this.reigns.push({ origin, seq, position: this.end, others });
    }
    this.items.push(next);
    this.bytes += bytesOf(next);
    const { logMutations, logBytes } = this.bounds;
    while (this.end - this.start > logMutations || (this.bytes > logBytes && this.end - this.start > 1)) {
      this.forgetOldest();
    }
    return next;
  }

  /**
   * A state was joined: what was before is told no more.
   * @param last mutation of it, if known; if not, its place is known only where a leader's last one is
   */
  replaced(vector: VersionVector, last?: OrderPlace['last']): void {
    const end = this.appliedEnd;
    this.items = [];
    this.pending = [];
    this.reigns = [];
    this.base = end;
    this.gone = this.bytes = 0;
    this.before = vector.entries().reduce<Lanes>((sum, [origin, seq]) => withDot(sum, origin, seq), [0, 0]);
    this.lastBefore = last;
  }

  /** The place before the mutation at a position. */
  placeAt(position: number): OrderPlace {
    const last = position === this.start ? this.lastBefore : this.at(position - 1);
    const dot = last && { origin: last.origin, seq: last.seq };
    return { last: dot, hash: lanesToHex(...this.hashAt(position)) };
  }

  /** The position of a place; `undefined` if it is none of those that are kept. */
  find({ last, hash }: OrderPlace): number | undefined {
    const candidates = [this.start, ...this.reigns.map(({ position }) => position), this.end];
    for (const { origin, seq, position } of this.reigns) {
      if (last?.origin === origin) candidates.push(position + last.seq - seq + 1);
    }
    return candidates.find((position) => {
      const isKept = position >= this.start && position <= this.end;
      return isKept && lanesToHex(...this.hashAt(position)) === hash;
    });
  }

  /** Whether a mutation of the present leader, or of the one before it, was shown here. */
  hasShown({ origin, seq }: NonNullable<OrderPlace['last']>): boolean {
    const index = this.items.findLastIndex((item) => item?.origin === origin);
    return (this.items[index]?.seq ?? 0) >= seq;
  }

  private hashAt(position: number): Lanes {
    if (position <= this.start) return this.before;
    const last = this.items[position - 1 - this.base];
    const reign = this.reigns.findLast((one) => one.position < position);
    if (last === undefined || reign === undefined) throw new Error(`nothing was shown at ${position - 1}`);
    return withDot(reign.others, last.origin, last.seq);
  }

  private forgetOldest(): void {
    const oldest = this.items[this.gone] as Applied;
    this.before = this.hashAt(this.start + 1);
    this.lastBefore = { origin: oldest.origin, seq: oldest.seq };
    this.bytes -= bytesOf(oldest);
    this.items[this.gone++] = undefined;
    const [, second] = this.reigns;
    if (second !== undefined && second.position <= this.start) this.reigns.shift();
    if (this.gone < COMPACT_AT || this.gone * 2 < this.items.length) return;
    this.items = this.items.slice(this.gone);
    this.base += this.gone;
    this.gone = 0;
  }
}

function bytesOf({ mutation, removed }: Applied): number {
  const texts = 'key' in mutation ? mutation.key.length : 0;
  const value = mutation.kind === 'insert' ? mutation.value.length : 0;
  return OVERHEAD_BYTES + texts + value + (removed?.bytes ?? 0);
}

function withDot([a, b]: Lanes, origin: Origin, seq: number): Lanes {
  const hash = hashString(origin);
  return [(a ^ mix(hash, seq)) >>> 0, (b ^ mix(hash ^ LANE_B, seq)) >>> 0];
}

/** What was added leaves again in the same way. */
const without = withDot;
