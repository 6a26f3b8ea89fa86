import { describeOutcome, describeRequest, describeSight } from './history.js';
import type { Operation } from './history.js';
import type { Found } from './search.js';
import type { KeyRow, KeyState, KeyStep } from './versioned-key.js';

/** So much of a long history is shown: its end is where it goes wrong. */
const PLACED_SHOWN = 8;
const LEFT_SHOWN = 12;
const ROWS_SHOWN = 4;

/**
 * Why a history of one key is not linearizable, as a table for people: the end of the longest order that was found,
 * what the key held then, and the operations that fit nowhere after it.
 */
export function explain(
  key: string,
  operations: readonly Operation[],
  best: Found<KeyState, KeyStep>,
): string {
  const order = best.order.map(({ operation }) => operation);
  const placed = new Set(order);
  const left = operations.filter((operation) => !placed.has(operation));
  const hidden = Math.max(order.length - PLACED_SHOWN, 0);
  const lines = [
    `key "${key}": no order of these ${operations.length} operations explains their answers`,
    `the longest that does has ${order.length}${hidden > 0 ? `, ${hidden} before these` : ''}:`,
    ...table(order.slice(hidden)),
    `then the key holds ${describeState(best.state)}, and none of these can follow:`,
    ...table(left.slice(0, LEFT_SHOWN)),
    ...(left.length > LEFT_SHOWN ? [`  … and ${left.length - LEFT_SHOWN} more`] : []),
  ];
  return lines.join('\n');
}

function describeState({ rows, greatestVersion }: KeyState): string {
  const shown = rows.slice(-ROWS_SHOWN).map(describeRow);
  const older = rows.length > ROWS_SHOWN ? ['…'] : [];
  const content = rows.length === 0 ? 'nothing' : [...older, ...shown].join(', ');
  return `${content} (greatest version ever: ${greatestVersion})`;
}

function describeRow({ value = '(never seen)', version, least, most }: KeyRow): string {
  return describeSight({ value, version, ...(least === most ? { timestamp: least } : {}) });
}

function table(operations: readonly Operation[]): readonly string[] {
  const rows = operations.map(({ client, called, returned, request, outcome }) => {
    const end = outcome.kind === 'unknown' ? '?' : time(returned);
    return [client, time(called), end, describeRequest(request), describeOutcome(outcome)];
  });
  const cells = [['client', 'called', 'returned', 'operation', 'answer'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => {
    return `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  });
}

function time(moment: number): string {
  return String(Math.round(moment * 1_000) / 1_000);
}
