import { readFileSync } from 'node:fs';

/** The functions that do what the engine asks, on the nodes: functions.lua. */
export const LIBRARY: string = readFileSync(new URL('./functions.lua', import.meta.url), 'utf8');

/** The function of each operation. Old and new servers share a cluster, so each version has names of its own. */
export const FUNCTIONS = Object.freeze({
  write: 'kvs3_write',
  remove: 'kvs3_remove',
  read: 'kvs3_read',
  history: 'kvs3_history',
  walk: 'kvs3_walk',
  hold: 'kvs3_hold',
  copy: 'kvs3_copy',
  amounts: 'kvs3_amounts',
  past: 'kvs3_past',
  present: 'kvs3_present',
  seen: 'kvs3_seen',
});

export type FunctionName = keyof typeof FUNCTIONS;

/** The functions that do what several calls ask, for those calls of which a node may get many at once. */
export const BATCH_FUNCTIONS = Object.freeze({
  ...{ write: 'kvs3_writes', read: 'kvs3_reads', walk: 'kvs3_walks', copy: 'kvs3_copies' },
  ...{ hold: 'kvs3_holds', amounts: 'kvs3_all_amounts' },
} as const);

/** An operation of which a node may do several as one. */
export type BatchName = keyof typeof BATCH_FUNCTIONS;

export function isBatchName(name: FunctionName): name is BatchName {
  return name in BATCH_FUNCTIONS;
}

/** Functions that change nothing: they may be asked again, whatever became of the first time. */
export const READ_ONLY: ReadonlySet<FunctionName> = new Set([
  ...(['read', 'history', 'walk', 'copy', 'amounts', 'past', 'present', 'seen'] as const),
]);

/** What of a partition a function is about: its sorted set, its log, or both. */
export const SUBJECTS: Readonly<Record<FunctionName, 'set' | 'log' | 'both'>> = Object.freeze({
  ...{ write: 'both', remove: 'both', present: 'both', seen: 'both', past: 'log' },
  ...{ read: 'set', history: 'set', walk: 'set', hold: 'set', copy: 'set', amounts: 'set' },
} as const);

/** The first number of what `write` and `remove` answer, as functions.lua has it. */
export const ANSWER = Object.freeze({
  done: 0,
  again: 1,
  refused: 2,
  full: 3,
  reused: 4,
  forgotten: 5,
  nothing: 6,
});
