import { readFileSync } from 'node:fs';

/** The functions that do what the engine asks, on the nodes: functions.lua. */
export const LIBRARY: string = readFileSync(new URL('./functions.lua', import.meta.url), 'utf8');

/** The function of each operation. Old and new servers share a cluster, so each version has names of its own. */
export const FUNCTIONS = Object.freeze({
  write: 'kvs2_write',
  remove: 'kvs2_remove',
  read: 'kvs2_read',
  history: 'kvs2_history',
  walk: 'kvs2_walk',
  hold: 'kvs2_hold',
  copy: 'kvs2_copy',
  amounts: 'kvs2_amounts',
  past: 'kvs2_past',
  present: 'kvs2_present',
});

export type FunctionName = keyof typeof FUNCTIONS;

/** The functions that do what several calls ask, for those calls of which a node may get many at once. */
export const BATCH_FUNCTIONS = Object.freeze({ write: 'kvs2_writes', read: 'kvs2_reads' });

/** Functions that change nothing: they may be asked again, whatever became of the first time. */
export const READ_ONLY: ReadonlySet<FunctionName> = new Set([
  ...(['read', 'history', 'walk', 'copy', 'amounts', 'past', 'present'] as const),
]);

/** What of a partition a function is about: its sorted set, its log, or both. */
export const SUBJECTS: Readonly<Record<FunctionName, 'set' | 'log' | 'both'>> = Object.freeze({
  ...{ write: 'both', remove: 'both', present: 'both', past: 'log' },
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
