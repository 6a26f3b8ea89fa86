import type { Colors } from 'picocolors/types.js';
import { visible } from '../format.js';
import { cell, table } from '../tables.js';
import type { Answer } from './answers.js';
import { dateText } from './dates.js';
import type { TimedName } from '../operations/names.js';

/** Several answers for people, one row each. */
export function answersTable(operation: TimedName, answers: readonly Answer[], colors: Colors): string {
  const rows = answers.map((answer) => {
    const [result, ...rest] = columns(operation, answer).reverse();
    const paint = answer.missing === undefined ? colors.green : colors.red;
    return [...rest.reverse(), paint(result ?? '')];
  });
  return table(header(operation), rows, colors);
}

/** One answer of too many for a table. */
export function answerLine(operation: TimedName, answer: Answer): string {
  const [key = '', ...rest] = columns(operation, answer);
  return [key.padEnd(24), ...rest].join('  ');
}

function header(operation: TimedName): readonly string[] {
  return ['chave', 'versão', 'data', isPut(operation) ? 'valor anterior' : 'valor', 'resultado'];
}

function columns(operation: TimedName, { key, found, assigned, missing }: Answer): string[] {
  const version = missing !== undefined ? undefined : isPut(operation) ? assigned : found?.version;
  return [
    cell(key),
    version?.toString() ?? '-',
    version === undefined ? '-' : dateText(version),
    cell(found?.value ?? ''),
    missing === undefined ? DONE[operation] : visible(missing.message),
  ];
}

const DONE: Readonly<Record<TimedName, string>> = {
  get: 'encontrada',
  getrange: 'encontrada',
  getall: 'encontrada',
  put: 'gravada',
  putall: 'gravada',
  del: 'removida',
  delrange: 'removida',
  delall: 'removida',
  trim: 'aparada',
};

function isPut(operation: TimedName): boolean {
  return operation === 'put' || operation === 'putall';
}
