import type { Origin, VectorEntries } from '../../src/core/dot.js';

/** Thrown when the implementation and the true history disagree. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

type Vector = ReadonlyMap<Origin, number>;

/** One accepted mutation, as it happened at its writer. */
interface TrueMutation {
  readonly origin: Origin;
  readonly seq: number;
  /** Everything that the writer had applied at that moment, itself included. */
  readonly observed: Vector;
}

interface TrueInsert extends TrueMutation {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly timestamp: number;
  /** Later inserts of the key whose writers had observed this one. */
  readonly supersededBy: TrueMutation[];
  /** Removals that targeted this one. */
  readonly removedBy: TrueMutation[];
}

export interface TrueEntry {
  readonly origin: Origin;
  readonly seq: number;
  readonly version: number;
  readonly timestamp: number;
  readonly value: string;
  readonly superseded: boolean;
}

/** What a key must look like to a server with some vector. */
export interface TrueKey {
  readonly greatestVersion: number;
  readonly greatestTimestamp: number;
  /** In the order (version, timestamp, origin, seq). */
  readonly entries: readonly TrueEntry[];
  readonly heads: readonly TrueEntry[];
}

/** What a removal aims at: every entry, every one but the newest (trim), or those of one version. */
export type Target = 'all' | 'allButNewest' | number;

/**
 * The true history of a fleet, recorded at the writers as it happens, and the state that any vector must give. Slow
 * and simple on purpose: it knows nothing of batches, stages, flags or hashes.
 */
export class Oracle {
  private readonly inserts = new Map<string, TrueInsert[]>();
  private readonly byOrigin = new Map<Origin, TrueMutation[]>();
  private readonly known = new Map<string, ReadonlyMap<string, TrueKey>>();

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
    given: { readonly version: number; readonly timestamp: number },
    wallMs: number,
  ): void {
    const seen = this.stateAt(before).get(key);
    const { version, timestamp } = given;
    if (version !== (seen?.greatestVersion ?? 0) + 1) {
      throw new Violation(`${origin} gave ${key} version ${version} after ${seen?.greatestVersion ?? 0}`);
    }
    if (timestamp !== Math.max(Math.floor(wallMs), (seen?.greatestTimestamp ?? 0) + 1)) {
      throw new Violation(`${origin} gave ${key} timestamp ${timestamp} at ${wallMs}`);
    }
    const mutation = this.record(origin, before);
    const earlier = this.inserts.get(key) ?? [];
    for (const insert of earlier) {
      if (covers(mutation.observed, insert)) insert.supersededBy.push(mutation);
    }
    earlier.push({ ...mutation, key, value, version, timestamp, supersededBy: [], removedBy: [] });
    this.inserts.set(key, earlier);
  }

  /** The entries that a removal by a server with this vector removes. */
  targets(before: VectorEntries, key: string, target: Target): readonly TrueEntry[] {
    const entries = this.stateAt(before).get(key)?.entries ?? [];
    if (target === 'all') return entries;
    if (target === 'allButNewest') return entries.slice(0, -1);
    return entries.filter((entry) => entry.version === target);
  }

  /** Records a removal that was accepted by a writer with the vector `before`. */
  remove(origin: Origin, before: VectorEntries, key: string, target: Target): void {
    const removed = this.targets(before, key, target);
    const mutation = this.record(origin, before);
    for (const insert of this.inserts.get(key) ?? []) {
      if (removed.some((entry) => entry.origin === insert.origin && entry.seq === insert.seq)) {
        insert.removedBy.push(mutation);
      }
    }
  }

  /** What a server must hold that has applied exactly this. */
  stateAt(vector: VectorEntries): ReadonlyMap<string, TrueKey> {
    const name = vectorText(vector);
    const known = this.known.get(name);
    if (known) return known;
    const applied = new Map(vector);
    const state = new Map<string, TrueKey>();
    for (const [key, inserts] of this.inserts) {
      const seen = inserts.filter((insert) => covers(applied, insert));
      if (seen.length > 0) state.set(key, keyAt(seen, applied));
    }
    this.known.set(name, state);
    return state;
  }

  /** The greatest version ≤ `version` of a key (the latest if `undefined`) at this vector. */
  query(vector: VectorEntries, key: string, version: number | undefined): TrueEntry | undefined {
    const entries = this.stateAt(vector).get(key)?.entries ?? [];
    return entries.filter((entry) => version === undefined || entry.version <= version).at(-1);
  }

  /** What the writer of a dot had observed. */
  observedBy(origin: Origin, seq: number): Vector {
    const mutation = this.byOrigin.get(origin)?.[seq - 1];
    if (!mutation) throw new Violation(`${origin}:${seq} was never written`);
    return mutation.observed;
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

  private record(origin: Origin, before: VectorEntries): TrueMutation {
    const mine = this.byOrigin.get(origin) ?? [];
    const observed = new Map(before);
    if ((observed.get(origin) ?? 0) !== mine.length) {
      throw new Violation(`${origin} wrote ${mine.length} and its vector says ${observed.get(origin) ?? 0}`);
    }
    for (const [cause, seq] of mine.at(-1)?.observed ?? []) {
      if ((observed.get(cause) ?? 0) < seq) throw new Violation(`${origin} forgot ${cause}:${seq}`);
    }
    const mutation = { origin, seq: mine.length + 1, observed };
    this.byOrigin.set(origin, [...mine, mutation]);
    return mutation;
  }
}

function keyAt(seen: readonly TrueInsert[], applied: Vector): TrueKey {
  const entries = seen
    .filter((insert) => !insert.removedBy.some((removal) => covers(applied, removal)))
    .map(({ origin, seq, version, timestamp, value, supersededBy }): TrueEntry => {
      const superseded = supersededBy.some((insert) => covers(applied, insert));
      return { origin, seq, version, timestamp, value, superseded };
    })
    .sort(inOrder);
  const unflagged = entries.filter((entry) => !entry.superseded);
  return {
    greatestVersion: Math.max(...seen.map((insert) => insert.version)),
    greatestTimestamp: Math.max(...seen.map((insert) => insert.timestamp)),
    entries,
    heads: unflagged.length > 0 ? unflagged : entries.slice(-1),
  };
}

function inOrder(a: TrueEntry, b: TrueEntry): number {
  const names = a.origin < b.origin ? -1 : a.origin > b.origin ? 1 : 0;
  return a.version - b.version || a.timestamp - b.timestamp || names || a.seq - b.seq;
}

function covers(vector: Vector, { origin, seq }: { readonly origin: Origin; readonly seq: number }): boolean {
  return (vector.get(origin) ?? 0) >= seq;
}

/** One text for each vector, whatever the order of its entries. */
export function vectorText(vector: VectorEntries): string {
  return vector
    .map(([origin, seq]) => `${origin}:${seq}`)
    .sort()
    .join(' ');
}
