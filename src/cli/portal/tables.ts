import picocolors from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import { table } from '../rendering/table.js';
import { cell, visible } from '../rendering/visible.js';
import type { ClassReply, PortalRecord, PortalReply } from './operations.js';
import type { PortalRequest } from './request.js';

const TITLES: Readonly<Record<string, string>> = { matricula: 'matrícula' };

/** Renders the answers to a request: a table of records or summaries, or report by report, with a count for lists. */
export function repliesText(
  { kind, listed }: PortalRequest,
  replies: readonly PortalReply[],
  coloured: boolean,
): readonly string[] {
  const colors = picocolors.createColors(coloured);
  const records = replies.flatMap(({ record }) => (record === undefined ? [] : [record]));
  const classes = replies.flatMap((reply) => (reply.class === undefined ? [] : [reply.class]));
  const texts = kind === 'report' ? classes.map((one) => reportText(one, colors)) : [];
  if (records.length > 0) texts.push(recordsTable(records, colors));
  if (kind === 'summary' && classes.length > 0) texts.push(summariesTable(classes, colors));
  return listed === undefined ? texts : [...texts, countText(listed, replies.length)];
}

function countText(listed: string, count: number): string {
  const plural = listed === 'professor' ? 'professores' : `${listed}s`;
  if (count === 0) return listed === 'disciplina' ? 'nenhuma disciplina' : `nenhum ${listed}`;
  return `${count} ${count === 1 ? listed : plural}`;
}

/** Records of one kind, one row each. */
function recordsTable(records: readonly PortalRecord[], colors: Colors): string {
  const columns = Object.keys(records[0] ?? {});
  return table(
    columns.map((column) => TITLES[column] ?? column),
    records.map((record) => columns.map((column) => cell(String(record[column] ?? '')))),
    colors,
  );
}

/** A class with its teacher and its students. */
function reportText({ disciplina, professor, alunos = [] }: ClassReply, colors: Colors): string {
  const lines = [
    `${colors.dim('disciplina:')} ${colors.bold(text(disciplina['sigla']))} ${text(disciplina['nome'])}`,
    `${colors.dim('professor: ')} ${professorText(professor)}`,
    `${colors.dim('alunos:    ')} ${alunos.length} de ${text(disciplina['vagas'])} vagas`,
  ];
  return [...lines, ...(alunos.length === 0 ? [] : [recordsTable(alunos, colors)])].join('\n');
}

/** The classes of a student, one row each. */
function summariesTable(summaries: readonly ClassReply[], colors: Colors): string {
  return table(
    ['sigla', 'nome', 'professor', 'alunos', 'vagas'],
    summaries.map(({ disciplina, professor, totalAlunos }) => [
      cell(text(disciplina['sigla'])),
      cell(text(disciplina['nome'])),
      cell(professorText(professor)),
      String(totalAlunos),
      text(disciplina['vagas']),
    ]),
    colors,
  );
}

function professorText(professor: PortalRecord | undefined): string {
  return professor === undefined ? '-' : `${text(professor['siape'])} ${text(professor['nome'])}`;
}

function text(value: string | number | undefined): string {
  return visible(String(value ?? ''));
}
