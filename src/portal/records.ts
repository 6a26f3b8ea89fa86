import type { Aluno, Disciplina, Professor } from '../ports/portal.js';
import { ALUNOS, DISCIPLINAS, PROFESSORES } from './layout.js';

/** How a version of a record came to be. The message on MQTT depends on it. */
export type ChangeAction = 'create' | 'update';

/** One kind of records: its names, storage and parsing. */
export interface Kind<T> {
  /** Its name in topics. */
  readonly base: RecordKind;
  /** Its name with the article, for messages. */
  readonly label: string;
  /** Name of its identifier, with the article. */
  readonly idLabel: string;
  readonly prefix: string;
  id(record: T): string;
  encode(record: T, action: ChangeAction): string;
  /** The fields of a record in an MQTT message. */
  fields(record: T): readonly string[];
  /** Names of {@link fields}, for messages. */
  readonly columns: readonly string[];
  /** `undefined` if a field is invalid; there are as many fields as columns. */
  parse(fields: readonly string[]): T | undefined;
  /** `undefined` if the value is not in the portal's format, so that another program wrote it. */
  decode(id: string, value: string): { readonly record: T; readonly action: ChangeAction } | undefined;
}

export type RecordKind = 'aluno' | 'professor' | 'disciplina';

export const ALUNO: Kind<Aluno> = {
  base: 'aluno',
  label: 'o aluno',
  idLabel: 'a matrícula',
  prefix: ALUNOS,
  id: ({ matricula }) => matricula,
  columns: ['matricula', 'nome'],
  fields: ({ matricula, nome }) => [matricula, nome],
  parse: ([matricula = '', nome = '']) => ({ matricula, nome }),
  encode: ({ nome }, acao) => JSON.stringify({ acao, nome }),
  decode: (matricula, value) => {
    const { acao, nome } = fieldsOf(value);
    return isAction(acao) && typeof nome === 'string'
      ? { record: { matricula, nome }, action: acao }
      : undefined;
  },
};

export const PROFESSOR: Kind<Professor> = {
  base: 'professor',
  label: 'o professor',
  idLabel: 'o siape',
  prefix: PROFESSORES,
  id: ({ siape }) => siape,
  columns: ['siape', 'nome'],
  fields: ({ siape, nome }) => [siape, nome],
  parse: ([siape = '', nome = '']) => ({ siape, nome }),
  encode: ({ nome }, acao) => JSON.stringify({ acao, nome }),
  decode: (siape, value) => {
    const { acao, nome } = fieldsOf(value);
    return isAction(acao) && typeof nome === 'string' ? { record: { siape, nome }, action: acao } : undefined;
  },
};

export const DISCIPLINA: Kind<Disciplina> = {
  base: 'disciplina',
  label: 'a disciplina',
  idLabel: 'a sigla',
  prefix: DISCIPLINAS,
  id: ({ sigla }) => sigla,
  columns: ['sigla', 'nome', 'vagas'],
  fields: ({ sigla, nome, vagas }) => [sigla, nome, String(vagas)],
  parse: ([sigla = '', nome = '', vagas = '']) =>
    /^-?\d{1,10}$/.test(vagas) ? { sigla, nome, vagas: Number(vagas) } : undefined,
  encode: ({ nome, vagas }, acao) => JSON.stringify({ acao, nome, vagas }),
  decode: (sigla, value) => {
    const { acao, nome, vagas } = fieldsOf(value);
    return isAction(acao) && typeof nome === 'string' && isPlaces(vagas)
      ? { record: { sigla, nome, vagas }, action: acao }
      : undefined;
  },
};

/** The value of the key that names the professor of a class. */
export function encodeTeacher(siape: string): string {
  return JSON.stringify({ siape });
}

export function decodeTeacher(value: string): string | undefined {
  const { siape } = fieldsOf(value);
  return typeof siape === 'string' ? siape : undefined;
}

/** The value of an enrolment. @param origin the server that accepted it */
export function encodeEnrolment(origin: string): string {
  return JSON.stringify({ origem: origin });
}

/** The server that accepted an enrolment; empty if the value does not say. */
export function originOfEnrolment(value: string): string {
  const { origem } = fieldsOf(value);
  return typeof origem === 'string' ? origem : '';
}

/** The value of keys whose presence says everything. */
export const NOTHING = '{}';

function isAction(value: unknown): value is ChangeAction {
  return value === 'create' || value === 'update';
}

function isPlaces(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function fieldsOf(value: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
