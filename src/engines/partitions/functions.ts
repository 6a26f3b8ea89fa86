import { readFileSync } from 'node:fs';

/** The functions that do what the engine asks, on the nodes: functions.lua. */
export const LIBRARY: string = readFileSync(new URL('./functions.lua', import.meta.url), 'utf8');

/** The function of each operation. Old and new servers share a cluster, so each version has names of its own. */
export const FUNCTIONS = Object.freeze({
  write: 'kvs1_write',
  remove: 'kvs1_remove',
  read: 'kvs1_read',
  history: 'kvs1_history',
  walk: 'kvs1_walk',
  hold: 'kvs1_hold',
  copy: 'kvs1_copy',
  amounts: 'kvs1_amounts',
});

export type FunctionName = keyof typeof FUNCTIONS;

/** Functions that change nothing: they may be asked again, whatever became of the first time. */
export const READ_ONLY: ReadonlySet<FunctionName> = new Set(['read', 'history', 'walk', 'copy', 'amounts']);

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
