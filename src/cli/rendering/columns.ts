import type { AnswerColumn, KeyAnswer } from '../operations/operation.js';
import { dateText } from './dates.js';
import { cell, visible } from './visible.js';

export const KEY: AnswerColumn = {
  title: 'chave',
  cell: ({ key }) => cell(key),
  inLine: (text) => text.padEnd(24),
};

export const VERSION: AnswerColumn = {
  title: 'versão',
  cell: (answer) => {
    const version = shownVersion(answer);
    if (version === undefined) return '-';
    return version === 0n ? 'todas' : version.toString();
  },
};

export const DATE: AnswerColumn = {
  title: 'data',
  cell: (answer) => {
    const version = shownVersion(answer);
    return version === undefined ? '-' : dateText(version);
  },
};

export const VALUE: AnswerColumn = { title: 'valor', cell: ({ found }) => cell(found?.value ?? '') };

export const BEFORE: AnswerColumn = { ...VALUE, title: 'valor anterior' };

export const RESULT_COLUMN: AnswerColumn = {
  ...{ title: 'resultado', isPainted: true },
  cell: ({ refusal, operation }) => (refusal === undefined ? operation.done : visible(refusal.message)),
};

/** A column of numbers, which are aligned outside tables too. */
export function padded(column: AnswerColumn): AnswerColumn {
  return { ...column, inLine: (text) => text.padStart(6) };
}

/** For a put, the version that it made. */
function shownVersion({ refusal, found, assigned }: KeyAnswer): bigint | undefined {
  if (refusal !== undefined) return undefined;
  return assigned > 0n ? assigned : found?.version;
}
