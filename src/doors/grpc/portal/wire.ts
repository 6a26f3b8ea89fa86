/** The messages of the portal, by hand (see wire/reader.ts): invalid UTF-8 must not turn into another identifier. */
import { KvsError } from '../../../core/errors.js';
import type {
  Aluno,
  Disciplina,
  Professor,
  RelatorioDisciplina,
  ResumoDisciplina,
} from '../../../ports/portal.js';
import { EMPTY } from '../wire/messages.js';
import { Reader } from '../wire/reader.js';
import {
  FIELD_1_LENGTH,
  FIELD_1_VARINT,
  FIELD_2_LENGTH,
  FIELD_3_LENGTH,
  FIELD_3_VARINT,
} from '../wire/tags.js';
import { messageField, numberField, textField } from '../wire/fields.js';

/** `Status`: why something was refused, or `undefined` if it was done. */
export interface Status {
  readonly refusal: string | undefined;
}

/** Two texts (fields 1 and 2) and a number (field 3); absent fields are blank. */
interface Fields {
  readonly first: string;
  readonly second: string;
  readonly number: number;
}

/** @throws KvsError PEDIDO_INVALIDO, CADASTRO_INVALIDO */
function decodeFields(bytes: Buffer): Fields {
  const reader = new Reader(bytes);
  let first: string | undefined = '';
  let second: string | undefined = '';
  let number = 0;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) first = reader.text();
    else if (tag === FIELD_2_LENGTH) second = reader.text();
    else if (tag === FIELD_3_VARINT) number = reader.int32();
    else reader.skip(tag);
  }
  if (first === undefined || second === undefined) {
    throw new KvsError(
      'CADASTRO_INVALIDO',
      `o ${first === undefined ? 'primeiro' : 'segundo'} campo não é UTF-8 válido`,
    );
  }
  return { first, second, number };
}

export function decodeAluno(bytes: Buffer): Aluno {
  const { first: matricula, second: nome } = decodeFields(bytes);
  return { matricula, nome };
}

export function decodeProfessor(bytes: Buffer): Professor {
  const { first: siape, second: nome } = decodeFields(bytes);
  return { siape, nome };
}

export function decodeDisciplina(bytes: Buffer): Disciplina {
  const { first: sigla, second: nome, number: vagas } = decodeFields(bytes);
  return { sigla, nome, vagas };
}

/** Decodes `Identificador`. */
export function decodeId(bytes: Buffer): string {
  return decodeFields(bytes).first;
}

/** `Vazia`. */
export type Vazia = Readonly<Record<string, never>>;

/** @throws KvsError PEDIDO_INVALIDO */
export function decodeEmpty(bytes: Buffer): Vazia {
  decodeFields(bytes);
  return {};
}

/** `DisciplinaPessoa` */
export interface ClassAndPerson {
  readonly sigla: string;
  readonly person: string;
}

export function decodeClassAndPerson(bytes: Buffer): ClassAndPerson {
  const { first: sigla, second: person } = decodeFields(bytes);
  return { sigla, person };
}

export function encodeStatus({ refusal }: Status): Buffer {
  if (refusal === undefined) return EMPTY;
  return Buffer.concat([numberField(FIELD_1_VARINT, 1), textField(FIELD_2_LENGTH, refusal)]);
}

/** Encodes `Aluno`; a blank message if there is none. */
export function encodeAluno(aluno: Aluno | undefined): Buffer {
  return aluno === undefined ? EMPTY : pair(aluno.matricula, aluno.nome);
}

export function encodeProfessor(professor: Professor | undefined): Buffer {
  return professor === undefined ? EMPTY : pair(professor.siape, professor.nome);
}

export function encodeDisciplina(disciplina: Disciplina | undefined): Buffer {
  if (disciplina === undefined) return EMPTY;
  const { sigla, nome, vagas } = disciplina;
  return Buffer.concat([pair(sigla, nome), numberField(FIELD_3_VARINT, vagas)]);
}

export function encodeReport(report: RelatorioDisciplina | undefined): Buffer {
  if (report === undefined) return EMPTY;
  const alunos = report.alunos.map((aluno) => messageField(FIELD_3_LENGTH, encodeAluno(aluno)));
  return Buffer.concat([...classAndTeacher(report), ...alunos]);
}

export function encodeSummary(summary: ResumoDisciplina): Buffer {
  return Buffer.concat([...classAndTeacher(summary), numberField(FIELD_3_VARINT, summary.totalAlunos)]);
}

function classAndTeacher({
  disciplina,
  professor,
}: Pick<RelatorioDisciplina, 'disciplina' | 'professor'>): Buffer[] {
  const shown = messageField(FIELD_1_LENGTH, encodeDisciplina(disciplina));
  return professor === undefined
    ? [shown]
    : [shown, messageField(FIELD_2_LENGTH, encodeProfessor(professor))];
}

function pair(first: string, second: string): Buffer {
  return Buffer.concat([textField(FIELD_1_LENGTH, first), textField(FIELD_2_LENGTH, second)]);
}
