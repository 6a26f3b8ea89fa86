import type { Colors } from 'picocolors/types.js';
import { visible } from '../format.js';
import { cell, table } from '../tables.js';
import type { Fields, Report, Summary } from './call.js';

const TITLES: Readonly<Record<string, string>> = { matricula: 'matrícula' };

/** Records of one kind, one row each. */
export function recordsTable(records: readonly Fields[], colors: Colors): string {
  const columns = Object.keys(records[0] ?? {});
  return table(
    columns.map((column) => TITLES[column] ?? column),
    records.map((record) => columns.map((column) => cell(String(record[column] ?? '')))),
    colors,
  );
}

/** A class: what it is, who teaches it, who attends it. */
export function reportText({ disciplina, professor, alunos }: Report, colors: Colors): string {
  const lines = [
    `${colors.dim('disciplina:')} ${colors.bold(text(disciplina['sigla']))} ${text(disciplina['nome'])}`,
    `${colors.dim('professor: ')} ${personText(professor, 'siape')}`,
    `${colors.dim('alunos:    ')} ${alunos.length} de ${text(disciplina['vagas'])} vagas`,
  ];
  return [...lines, ...(alunos.length === 0 ? [] : [recordsTable(alunos, colors)])].join('\n');
}

/** The classes of a student, one row each. */
export function summariesTable(summaries: readonly Summary[], colors: Colors): string {
  return table(
    ['sigla', 'nome', 'professor', 'alunos', 'vagas'],
    summaries.map(({ disciplina, professor, totalAlunos }) => [
      cell(text(disciplina['sigla'])),
      cell(text(disciplina['nome'])),
      cell(personText(professor, 'siape')),
      String(totalAlunos),
      text(disciplina['vagas']),
    ]),
    colors,
  );
}

function personText(person: Fields | undefined, idField: string): string {
  return person === undefined ? '-' : `${text(person[idField])} ${text(person['nome'])}`;
}

function text(value: string | number | undefined): string {
  return visible(String(value ?? ''));
}
