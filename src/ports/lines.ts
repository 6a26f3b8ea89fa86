/** What those ask who want to know everything about versions, and what they are answered. */
import type { Row } from './engine.js';

/** A version with everything that is known about it. */
export interface Line extends Row {
  /** Origin of its writer, or what stands for all writers where an engine puts writes in one order. */
  readonly origin: string;
  /** No other supersedes it. */
  readonly isHead: boolean;
  /** Another entry of the key has the same version: they were written concurrently. */
  readonly isSibling: boolean;
  /** Every server of the system that is known holds it. */
  readonly isStable: boolean;
}

/** One version of a key, with everything that is known about it. At most one of the three numbers is set. */
export interface LineQuery {
  readonly kind: 'line';
  readonly key: string;
  /** The greatest version ≤ this. */
  readonly version?: number | undefined;
  /** The one with the greatest timestamp ≤ this, ms since 1970. */
  readonly timestamp?: number | undefined;
  /** So many before the latest in the order of the key's history; 0 is the latest. */
  readonly back?: number | undefined;
}

/** Every version of a key in ascending order, with everything that is known about each. */
export interface Lines {
  readonly kind: 'lines';
  readonly key: string;
}

/** Keys in the order of code points (that of UTF-8 bytes): those that satisfy all that is set. */
export interface KeyRange {
  /** They begin with this. */
  readonly prefix?: string | undefined;
  /** They are not before this. */
  readonly from?: string | undefined;
  /** They are not after this. */
  readonly to?: string | undefined;
  /** They are after this: the last key of the page before. */
  readonly after?: string | undefined;
}

/** For each key of a range that has a row then, in order: the latest, or as of a version or an instant. */
export interface List extends KeyRange {
  readonly kind: 'list';
  readonly version?: number | undefined;
  /** ms since 1970. */
  readonly timestamp?: number | undefined;
}

/** How many keys of a range have a latest value, and how many versions these have that can be read. */
export interface Count extends KeyRange {
  readonly kind: 'count';
}

/** A part of a count: all parts are to be added up. */
export interface Counted {
  readonly keys: number;
  readonly versions: number;
}
