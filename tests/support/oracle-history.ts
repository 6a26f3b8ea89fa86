import type { Origin } from '../../src/core/dot.js';
import type { Floor } from '../../src/core/mutation.js';
import { covers, inVersionOrder, type TrueEntry, type TrueKey, type TrueVector } from './oracle-view.js';

/** What an insert was given by its writer. */
export interface Given {
  readonly version: number;
  readonly timestamp: number;
  readonly expiresAt?: number | undefined;
}

/** One accepted mutation, as it happened at its writer. */
export interface TrueMutation {
  readonly origin: Origin;
  readonly seq: number;
  /** Everything that the writer had applied at that moment, itself included. */
  readonly observed: TrueVector;
  readonly fleetMs: number;
}

export interface TrueInsert extends TrueMutation, Given {
  readonly key: string;
  readonly value: string;
  /** Later inserts of the key whose writers had observed this one. */
  readonly supersededBy: TrueMutation[];
  /** Removals that targeted this one. */
  readonly removedBy: TrueMutation[];
  /** Sweeps of expired entries whose writers had observed this one. */
  readonly passedBy: TrueMutation[];
}

export interface TrueRaise extends TrueMutation {
  readonly part: number;
  readonly floor: Floor;
}

export const NO_FLOOR: Floor = { version: 0, timestamp: 0, paceMs: 0 };

/** Each number by its own maximum. */
export function highest(a: Floor, b: Floor): Floor {
  return {
    version: Math.max(a.version, b.version),
    timestamp: Math.max(a.timestamp, b.timestamp),
    paceMs: Math.max(a.paceMs, b.paceMs),
  };
}

/** A key at a vector: what is left of the inserts seen, with what happened to them. */
export function keyAt(seen: readonly TrueInsert[], applied: TrueVector, floor: Floor): TrueKey {
  const happened = (mutation: TrueMutation): boolean => covers(applied, mutation);
  const entries = seen
    .filter((insert) => !insert.removedBy.some(happened))
    .map(({ origin, seq, version, timestamp, value, expiresAt, observed, ...fates }): TrueEntry => {
      const superseded = fates.supersededBy.some(happened);
      const passed = fates.passedBy.some(happened);
      return { origin, seq, version, timestamp, value, expiresAt, observed, superseded, passed };
    })
    .sort(inVersionOrder);
  const unflagged = entries.filter((entry) => !entry.superseded);
  return {
    greatestVersion: Math.max(floor.version, ...seen.map((insert) => insert.version)),
    greatestTimestamp: Math.max(floor.timestamp, ...seen.map((insert) => insert.timestamp)),
    entries,
    heads: unflagged.length > 0 ? unflagged : entries.slice(-1),
  };
}
