import { explain } from './explain.js';
import type { Operation } from './history.js';
import { isWrite } from './history.js';
import { search, SearchLimit } from './search.js';
import type { Found } from './search.js';
import { intervalsOf, versionedKey } from './versioned-key.js';
import type { KeyState, KeyStep } from './versioned-key.js';

/** Enough for histories of thousands of operations whose clients overlap as usual; some 100 MB at most. */
const CONFIGURATIONS_MAX = 500_000;

export type Verdict =
  | { readonly linearizable: true; readonly configurations: number }
  | {
      readonly linearizable: false;
      readonly key: string;
      /** The shortest beginning of the key's history that no order explains. */
      readonly prefix: readonly Operation[];
      /** `prefix` as a table, with the longest order that was found. */
      readonly explanation: string;
    };

/**
 * Whether a history is linearizable (M. Herlihy, J. Wing 1990): whether each operation can be thought to happen at one
 * moment between its call and its return so that all answers are right. Every key is checked by itself, which is
 * enough: linearizability is a local property (P-compositionality; Horn and Kroening 2015).
 * @param limit most configurations per search
 * @throws SearchLimit if a search needs more; Error if a value is written twice to a key
 */
export function checkHistory(history: readonly Operation[], limit = CONFIGURATIONS_MAX): Verdict {
  let configurations = 0;
  for (const [key, operations] of byKey(history)) {
    const found = searchKey(operations, limit);
    configurations += found.configurations;
    if (found.linearizable) continue;
    const prefix = shortestWrong(operations, limit);
    return { linearizable: false, key, prefix, explanation: explain(key, prefix, searchKey(prefix, limit)) };
  }
  return { linearizable: true, configurations };
}

/** The operations of each key, as they were called. */
export function byKey(history: readonly Operation[]): ReadonlyMap<string, readonly Operation[]> {
  const keys = new Map<string, Operation[]>();
  for (const operation of [...history].sort((a, b) => a.called - b.called)) {
    const operations = keys.get(operation.key);
    if (operations === undefined) keys.set(operation.key, [operation]);
    else operations.push(operation);
  }
  return keys;
}

function searchKey(operations: readonly Operation[], limit: number): Found<KeyState, KeyStep> {
  return search(intervalsOf(operations), versionedKey, limit);
}

/**
 * Every beginning of a linearizable history is linearizable, with what had no answer yet as unknown: so the first
 * wrong one is found by halving.
 */
function shortestWrong(operations: readonly Operation[], limit: number): readonly Operation[] {
  const ends = operations
    .filter(({ outcome }) => outcome.kind === 'answered')
    .map(({ returned }) => returned)
    .sort((a, b) => a - b);
  let [right, wrong] = [-1, ends.length - 1];
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (isRight(until(operations, ends[middle] ?? Infinity), limit)) right = middle;
    else wrong = middle;
  }
  return until(operations, ends[wrong] ?? Infinity);
}

/** A beginning that is too hard to judge counts as right: then a longer one is shown. */
function isRight(operations: readonly Operation[], limit: number): boolean {
  try {
    return searchKey(operations, limit).linearizable;
  } catch (thrown) {
    if (thrown instanceof SearchLimit) return true;
    throw thrown;
  }
}

/** What was known at a moment, which belongs to it. */
function until(operations: readonly Operation[], end: number): readonly Operation[] {
  return operations
    .filter(({ called, outcome }) => called <= end && outcome.kind !== 'failed')
    .map((operation): Operation => {
      return operation.returned <= end ? operation : { ...operation, outcome: { kind: 'unknown' } };
    })
    .filter(({ outcome, request }) => outcome.kind === 'answered' || isWrite(request));
}
