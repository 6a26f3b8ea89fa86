import type { Answer, Operation, Request, Sight } from './history.js';
import { isWrite } from './history.js';
import type { Interval, Model } from './search.js';

/**
 * One key with versions 1, 2, 3, … that are never used twice, and timestamps that rise with them. The store chooses the
 * timestamps, and some are never shown: a state holds bounds for those, which later answers narrow.
 */
export interface KeyState {
  readonly greatestVersion: number;
  /** The greatest timestamp so far is at least this. */
  readonly leastTimestamp: number;
  /** In the order of versions. */
  readonly rows: readonly KeyRow[];
}

export interface KeyRow {
  readonly version: number;
  /** `undefined`: nobody ever saw it. */
  readonly value: string | undefined;
  /** Bounds of the timestamp, both included. */
  readonly least: number;
  readonly most: number;
}

/** An operation, and where its value lies if anybody ever saw that. */
export interface KeyStep {
  readonly request: Request;
  readonly answer: Answer | undefined;
  /** `undefined`: its value was never seen. */
  readonly write: Sight | undefined;
  readonly operation: Operation;
}

export const versionedKey: Model<KeyState, KeyStep> = {
  initial: { greatestVersion: 0, leastTimestamp: 0, rows: [] },
  step,
  fingerprint: ({ greatestVersion, leastTimestamp, rows }) => {
    const shown = rows.map(({ version, value, least, most }) => [version, value, least, most]);
    return JSON.stringify([greatestVersion, leastTimestamp, shown]);
  },
};

/**
 * The operations of one key for the search: without those that failed and reads that were never answered.
 * @throws Error if two writes have the same value
 */
export function intervalsOf(operations: readonly Operation[]): readonly Interval<KeyStep>[] {
  const relevant = operations.filter(({ outcome, request }) => {
    return outcome.kind === 'answered' || (outcome.kind === 'unknown' && isWrite(request));
  });
  const places = sightings(relevant);
  return relevant.map((operation) => {
    const { request, outcome, called } = operation;
    const answer = outcome.kind === 'answered' ? outcome.answer : undefined;
    const write = 'value' in request ? places.get(request.value) : undefined;
    const step: KeyStep = { request, answer, write, operation };
    if (answer !== undefined) return { operation: step, called, returned: operation.returned };
    const alike = write === undefined ? alikeOf(request) : undefined;
    return { operation: step, called, returned: undefined, ...(alike === undefined ? {} : { alike }) };
  });
}

/** Requests that nobody was told anything of can stand for each other if they differ in no more than a value. */
function alikeOf(request: Request): string {
  if (request.kind === 'compare') return `compare ${request.expected}`;
  return 'value' in request ? 'write' : JSON.stringify(request);
}

/** For each value that an answer shows: all that any answer tells of its place. Contradictions show in the search. */
function sightings(operations: readonly Operation[]): ReadonlyMap<string, Sight> {
  const places = new Map<string, Sight>();
  const written = new Set<string>();
  const note = (value: string, { version, timestamp }: Sight): void => {
    const known = places.get(value);
    places.set(value, {
      value,
      ...given('version', known?.version ?? version),
      ...given('timestamp', known?.timestamp ?? timestamp),
    });
  };
  for (const { request, outcome } of operations) {
    if ('value' in request) {
      if (written.has(request.value)) throw new Error(`"${request.value}" is written twice`);
      written.add(request.value);
    }
    if (outcome.kind !== 'answered') continue;
    const { made, found } = outcome.answer;
    if (made !== undefined && 'value' in request) note(request.value, made);
    if (found?.value !== undefined) note(found.value, found);
  }
  return places;
}

function given(name: 'version' | 'timestamp', number: number | undefined): Sight {
  return number === undefined ? {} : { [name]: number };
}

function step(state: KeyState, { request, answer, write }: KeyStep): KeyState | undefined {
  const { rows } = state;
  const newest = rows.length - 1;
  const found = answer?.found;
  switch (request.kind) {
    case 'insert':
      return append(state, write, answer);
    case 'put': {
      const seen = see(state, newest, found);
      return seen && append(seen, write, answer);
    }
    case 'compare': {
      const isLatest = (rows.at(-1)?.version ?? 0) === request.expected;
      if (answer !== undefined && isLatest === (answer.refused === true)) return undefined;
      return isLatest ? append(state, write, answer) : state;
    }
    case 'get':
      return see(state, newest, found);
    case 'getVersion':
      return see(
        state,
        rows.findLastIndex(({ version }) => version <= request.upTo),
        found,
      );
    case 'getTime':
      return seeAt(state, request.upTo, found);
    case 'removeAll': {
      const seen = see(state, newest, found);
      return seen && { ...seen, rows: [] };
    }
    case 'trim': {
      const seen = see(state, newest, found);
      return seen && { ...seen, rows: seen.rows.slice(-1) };
    }
    case 'remove': {
      const left = rows.filter(({ version }) => version !== request.version);
      const removed = newest < 0 ? 'noKey' : left.length === rows.length ? 'noVersion' : 'removed';
      if (answer?.removed !== undefined && answer.removed !== removed) return undefined;
      return removed === 'removed' ? { ...state, rows: left } : state;
    }
  }
}

/** With one more row. `place` is what anybody ever saw of it, `answer` what its writer was told. */
function append(state: KeyState, place: Sight | undefined, answer: Answer | undefined): KeyState | undefined {
  const version = state.greatestVersion + 1;
  const least = state.leastTimestamp + 1;
  const row: KeyRow = { version, value: place?.value, least, most: Infinity };
  const rows = [...state.rows, row];
  const added = { greatestVersion: version, leastTimestamp: least, rows };
  // Both, since they may contradict each other.
  const placed = place === undefined ? added : see(added, rows.length - 1, place);
  return placed && see(placed, rows.length - 1, answer?.made);
}

/** The state in which the row at `index` (-1: none) was shown as `found`; `undefined` if it cannot have been. */
function see(state: KeyState, index: number, found: Sight | null | undefined): KeyState | undefined {
  if (found === undefined) return state;
  const row = state.rows[index];
  if (row === undefined || found === null) return row === undefined && found === null ? state : undefined;
  if (!agrees(row, found)) return undefined;
  const { timestamp } = found;
  return timestamp === undefined ? state : bound(state, index, timestamp, timestamp);
}

/** As {@link see}, for the row with the greatest timestamp ≤ `upTo`. */
function seeAt(state: KeyState, upTo: number, found: Sight | null | undefined): KeyState | undefined {
  if (found === undefined) return state;
  // Which row it is can only be told by its value while timestamps are not known.
  const index = found === null ? -1 : state.rows.findIndex(({ value }) => value === found.value);
  if (found !== null && index < 0) return undefined;
  const seen = found === null ? state : see(state, index, found);
  const older = seen && index >= 0 ? bound(seen, index, -Infinity, upTo) : seen;
  return older && index + 1 < older.rows.length ? bound(older, index + 1, upTo + 1, Infinity) : older;
}

function agrees(row: KeyRow, { value, version, timestamp }: Sight): boolean {
  return (
    (value === undefined || value === row.value) &&
    (version === undefined || version === row.version) &&
    (timestamp === undefined || (timestamp >= row.least && timestamp <= row.most))
  );
}

/**
 * Narrows the timestamp of a row to `least` … `most`, and those of its neighbours with it: there is at least 1 between
 * one version and the next.
 */
function bound(state: KeyState, index: number, least: number, most: number): KeyState | undefined {
  const target = state.rows[index];
  if (target === undefined) throw new RangeError(`no row ${index}`);
  const rows = state.rows.map((row) => {
    const away = row.version - target.version;
    return {
      ...row,
      least: away >= 0 ? Math.max(row.least, least + away) : row.least,
      most: away <= 0 ? Math.min(row.most, most + away) : row.most,
    };
  });
  if (rows.some((row) => row.least > row.most)) return undefined;
  const leastTimestamp = Math.max(state.leastTimestamp, least + state.greatestVersion - target.version);
  return { ...state, leastTimestamp, rows };
}
