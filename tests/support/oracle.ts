import type { Dot, Origin, VectorEntries } from '../../src/core/dot.js';
import { hashString } from '../../src/core/hash.js';
import { limits } from '../../src/core/limits.js';
import type { Floor } from '../../src/core/mutation.js';
import {
  highest,
  keyAt,
  NO_FLOOR,
  type Given,
  type TrueInsert,
  type TrueMutation,
  type TrueRaise,
} from './oracle-history.js';
import {
  covers,
  hiddenBy,
  inTimeOrder,
  isExpired,
  isSameDot,
  lastOf,
  newestOf,
  readable,
  type TrueEntry,
  type TrueKey,
  type TrueVector,
} from './oracle-view.js';

/** Thrown when the implementation and the true history disagree. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** The clocks of a writer when it wrote. */
export interface Moment {
  readonly wallMs: number;
  /** The fleet's clock as the writer had it; 0 where nothing expires. */
  readonly fleetMs: number;
  /** What it had applied, if it had decided more that was not applied yet: upkeep goes by what is applied. */
  readonly applied?: VectorEntries;
}

/** What a server must hold that has applied exactly some vector. */
export interface TrueState {
  /** The keys that are kept: with entries, or with a counter above the floor of their part. */
  readonly keys: ReadonlyMap<string, TrueKey>;
  /** The floors that were ever raised, by part. */
  readonly floors: ReadonlyMap<number, Floor>;
  /** No clock of the fleet there may be behind this. */
  readonly fleetMs: number;
}

/** What a removal aims at: every entry, every one but the newest (trim), or those of one version. */
export type Target = 'all' | 'allButNewest' | number;

/** Less than servers let themselves be taken ahead of their own clocks. */
const CLIPPED_MS = 30_000;

/** The part of the key space that a key belongs to. */
export function partOf(key: string): number {
  return hashString(key) & (limits.parts - 1);
}

/**
 * The true history of a fleet, recorded at the writers as it happens, and the state that any vector must give. Slow
 * and simple on purpose: it knows nothing of batches, stages, flags, hashes, or of what is forgotten and when.
 */
export class Oracle {
  private readonly inserts = new Map<string, TrueInsert[]>();
  private readonly raises: TrueRaise[] = [];
  private readonly byOrigin = new Map<Origin, TrueMutation[]>();
  private readonly known = new Map<string, TrueState>();

  /** Mutations ever accepted. */
  get size(): number {
    return [...this.byOrigin.values()].reduce((sum, list) => sum + list.length, 0);
  }

  /** Records an insert that was accepted by a writer with the vector `before`, and checks what it was given. */
  insert(
    origin: Origin,
    before: VectorEntries,
    key: string,
    value: string,
    given: Given,
    { wallMs, fleetMs }: Moment,
  ): void {
    const { version, timestamp, expiresAt } = given;
    const seen = this.countersAt(before, key);
    const observed = new Map(before);
    const earlier = this.inserts.get(key) ?? [];
    // Beside the floors: no number is ever used again by one who knew of it.
    for (const insert of earlier) {
      if (!covers(observed, insert)) continue;
      if (insert.version >= version || insert.timestamp >= timestamp)
        throw new Violation(
          `${origin} gave ${key} ${version}@${timestamp}, and had seen ${insert.version}@${insert.timestamp}`,
        );
    }
    if (version !== seen.greatestVersion + 1)
      throw new Violation(`${origin} gave ${key} version ${version} after ${seen.greatestVersion}`);
    if (timestamp !== Math.max(Math.floor(wallMs), seen.greatestTimestamp + 1))
      throw new Violation(
        `${origin} gave ${key} timestamp ${timestamp} at ${wallMs} after ${seen.greatestTimestamp}`,
      );
    if (expiresAt !== undefined && expiresAt <= fleetMs)
      throw new Violation(`${origin} inserted ${key} expired: ${expiresAt} at ${fleetMs}`);
    const mutation = this.record(origin, before, fleetMs);
    for (const insert of earlier) {
      if (covers(mutation.observed, insert)) insert.supersededBy.push(mutation);
    }
    const fates = { supersededBy: [], removedBy: [], passedBy: [] };
    earlier.push({ ...mutation, ...fates, key, value, version, timestamp, expiresAt });
    this.inserts.set(key, earlier);
  }

  /** Every insert ever accepted, those of a key in order. */
  *allInserts(): Generator<TrueInsert> {
    for (const inserts of this.inserts.values()) yield* inserts;
  }

  /** The entries that a removal removes by a server with this vector and fleet time. */
  targets(before: VectorEntries, key: string, target: Target, fleetMs = 0): readonly TrueEntry[] {
    const entries = this.entriesAt(before, key);
    const live = readable(entries, fleetMs);
    if (typeof target === 'number') return live.filter((entry) => entry.version === target);
    if (target === 'all') return live.length > 0 ? entries : [];
    const newest = newestOf(entries, fleetMs);
    return newest ? entries.filter((entry) => !isSameDot(entry, newest)) : [];
  }

  /** Records a removal that was accepted by a writer with the vector `before`. */
  remove(origin: Origin, before: VectorEntries, key: string, target: Target, fleetMs = 0): void {
    this.removeEntries(origin, before, key, this.targets(before, key, target, fleetMs), fleetMs);
  }

  /**
   * Records a discard: a sweep of expired entries, or a retention of the last `keeps` in the order of time.
   * @param passed what it says that the writers of the expired ones had observed
   * @param keeps absent: only expired entries may be discarded
   * @throws Violation if it takes anything else, or if it says less or more than what the expired ones hide
   */
  discard(
    origin: Origin,
    before: VectorEntries,
    key: string,
    { dots, passed }: { readonly dots: readonly Dot[]; readonly passed: VectorEntries },
    { fleetMs, applied = before }: Omit<Moment, 'wallMs'>,
    keeps?: number,
  ): void {
    const entries = this.entriesAt(applied, key);
    const gone = entries.filter((entry) => dots.some((dot) => isSameDot(dot, entry)));
    const expired = gone.filter((entry) => isExpired(entry, fleetMs));
    const beyond = keeps === undefined ? [] : this.beyond(entries, keeps, fleetMs);
    const alive = gone.find((entry) => !expired.includes(entry) && !beyond.includes(entry));
    if (alive) throw new Violation(`${origin} discards ${alive.origin}:${alive.seq} of ${key}, which lives`);
    const hidden = hiddenBy(expired, entries).filter((entry) => !entry.passed);
    const marks = new Map(passed);
    for (const entry of entries) {
      if (entry.passed || gone.includes(entry) || covers(marks, entry) === hidden.includes(entry)) continue;
      throw new Violation(
        `${origin} discards ${key} and ${hidden.includes(entry) ? 'does not mark' : 'marks'} ` +
          `${entry.origin}:${entry.seq} as passed`,
      );
    }
    const mutation = this.removeEntries(origin, before, key, gone, fleetMs);
    for (const insert of this.inserts.get(key) ?? []) {
      if (hidden.some((entry) => isSameDot(entry, insert))) insert.passedBy.push(mutation);
    }
  }

  /** The entries of a key that a retention of the last `keeps` removes: by the order of time, as a trim. */
  retention(before: VectorEntries, key: string, keeps: number, fleetMs: number): readonly TrueEntry[] {
    return this.beyond(this.entriesAt(before, key), keeps, fleetMs);
  }

  /**
   * Records the raise of the floor of a part.
   * @param isForced whoever made it need not keep to the rules of those who raise floors
   * @throws Violation if it is above every counter of the part that its writer knew
   */
  raiseFloor(
    origin: Origin,
    before: VectorEntries,
    part: number,
    floor: Floor,
    { wallMs, fleetMs, applied = before }: Moment,
    isForced: boolean,
  ): void {
    const { keys, floors } = this.stateAt(applied);
    const now = floors.get(part) ?? NO_FLOOR;
    const ofPart = [...keys].filter(([key]) => partOf(key) === part).map(([, state]) => state);
    const basis = isForced ? ofPart : ofPart.filter(({ entries }) => entries.length === 0);
    const most = {
      version: Math.max(now.version, ...basis.map(({ greatestVersion }) => greatestVersion)),
      timestamp: Math.max(now.timestamp, ...basis.map(({ greatestTimestamp }) => greatestTimestamp)),
    };
    if (floor.version > most.version || floor.timestamp > most.timestamp)
      throw new Violation(
        `${origin} raises the floor of ${part} to ${JSON.stringify(floor)}, above ${JSON.stringify(most)}`,
      );
    if (!isForced && floor.timestamp > Math.max(wallMs, fleetMs, now.timestamp))
      throw new Violation(`${origin} raises the floor of ${part} into the future`);
    const { version, timestamp, paceMs } = floor;
    this.raises.push({
      ...this.record(origin, before, fleetMs),
      part,
      floor: { version, timestamp, paceMs },
    });
  }

  /**
   * No server's clock is behind that of the writer of anything that it has applied.
   * @throws Violation
   */
  assertNotBehind(who: string, vector: VectorEntries, { wallMs, fleetMs }: Moment): void {
    const least = this.stateAt(vector).fleetMs;
    // A clock so far ahead is not followed all the way.
    if (least > wallMs + CLIPPED_MS || fleetMs >= least) return;
    throw new Violation(`${who} is at ${fleetMs}, before ${least} of what it has applied`);
  }

  /** What a server must hold that has applied exactly this. */
  stateAt(vector: VectorEntries): TrueState {
    const name = vectorText(vector);
    const known = this.known.get(name);
    if (known) return known;
    const applied = new Map(vector);
    const floors = new Map<number, Floor>();
    for (const raise of this.raises) {
      const isNone = Object.values(raise.floor).every((number) => number === 0);
      if (covers(applied, raise) && !isNone)
        floors.set(raise.part, highest(floors.get(raise.part) ?? NO_FLOOR, raise.floor));
    }
    const keys = new Map<string, TrueKey>();
    for (const [key, inserts] of this.inserts) {
      const seen = inserts.filter((insert) => covers(applied, insert));
      if (seen.length === 0) continue;
      const floor = floors.get(partOf(key)) ?? NO_FLOOR;
      const state = keyAt(seen, applied, floor);
      const { entries, greatestVersion, greatestTimestamp } = state;
      if (entries.length > 0 || greatestVersion > floor.version || greatestTimestamp > floor.timestamp)
        keys.set(key, state);
    }
    const fleetMs = vector.map(([origin, seq]) => this.mutation(origin, seq).fleetMs);
    const state = { keys, floors, fleetMs: Math.max(0, ...fleetMs) };
    this.known.set(name, state);
    return state;
  }

  /** What a key's next numbers are above, also where the key is forgotten. */
  countersAt(vector: VectorEntries, key: string): Pick<TrueKey, 'greatestVersion' | 'greatestTimestamp'> {
    const { keys, floors } = this.stateAt(vector);
    const { version, timestamp } = floors.get(partOf(key)) ?? NO_FLOOR;
    return keys.get(key) ?? { greatestVersion: version, greatestTimestamp: timestamp };
  }

  entriesAt(vector: VectorEntries, key: string): readonly TrueEntry[] {
    return this.stateAt(vector).keys.get(key)?.entries ?? [];
  }

  /** The greatest version ≤ `version` of a key (the latest if `undefined`) at this vector and fleet time. */
  query(vector: VectorEntries, key: string, version: number | undefined, fleetMs = 0): TrueEntry | undefined {
    return lastOf(this.entriesAt(vector, key), fleetMs, version);
  }

  /** What the writer of a dot had observed. */
  observedBy(origin: Origin, seq: number): TrueVector {
    return this.mutation(origin, seq).observed;
  }

  /** Whether a server with this vector has ever seen an insert of a key. */
  isKnown(vector: VectorEntries, key: string): boolean {
    const applied = new Map(vector);
    return (this.inserts.get(key) ?? []).some((insert) => covers(applied, insert));
  }

  /** Whether a dot is an insert of this key. */
  isInsertOf(key: string, origin: Origin, seq: number): boolean {
    return (this.inserts.get(key) ?? []).some((insert) => insert.origin === origin && insert.seq === seq);
  }

  /** Checks that everything applied was really written, and that nothing was applied before its causes. */
  assertClosed(vector: VectorEntries): void {
    const applied = new Map(vector);
    for (const [origin, seq] of vector) {
      for (const [cause, least] of this.observedBy(origin, seq)) {
        if ((applied.get(cause) ?? 0) < least) {
          throw new Violation(`${origin}:${seq} is applied without its cause ${cause}:${least}`);
        }
      }
    }
  }

  private mutation(origin: Origin, seq: number): TrueMutation {
    const mutation = this.byOrigin.get(origin)?.[seq - 1];
    if (!mutation) throw new Violation(`${origin}:${seq} was never written`);
    return mutation;
  }

  private beyond(entries: readonly TrueEntry[], keeps: number, fleetMs: number): readonly TrueEntry[] {
    return [...readable(entries, fleetMs)].sort(inTimeOrder).slice(0, -keeps);
  }

  private removeEntries(
    origin: Origin,
    before: VectorEntries,
    key: string,
    removed: readonly TrueEntry[],
    fleetMs: number,
  ): TrueMutation {
    const mutation = this.record(origin, before, fleetMs);
    for (const insert of this.inserts.get(key) ?? []) {
      if (removed.some((entry) => isSameDot(entry, insert))) insert.removedBy.push(mutation);
    }
    return mutation;
  }

  private record(origin: Origin, before: VectorEntries, fleetMs: number): TrueMutation {
    const mine = this.byOrigin.get(origin) ?? [];
    const observed = new Map(before);
    if ((observed.get(origin) ?? 0) !== mine.length) {
      throw new Violation(`${origin} wrote ${mine.length} and its vector says ${observed.get(origin) ?? 0}`);
    }
    for (const [cause, seq] of mine.at(-1)?.observed ?? []) {
      if ((observed.get(cause) ?? 0) < seq) throw new Violation(`${origin} forgot ${cause}:${seq}`);
    }
    const mutation = {
      origin,
      seq: mine.length + 1,
      observed: observed.set(origin, mine.length + 1),
      fleetMs,
    };
    this.byOrigin.set(origin, [...mine, mutation]);
    return mutation;
  }
}

/** One text for each vector, whatever the order of its entries. */
export function vectorText(vector: VectorEntries): string {
  return vector
    .map(([origin, seq]) => `${origin}:${seq}`)
    .sort()
    .join(' ');
}
