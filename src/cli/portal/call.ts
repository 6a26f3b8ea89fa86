import type { Target } from '../request.js';
import { invoke, numberOf, textOf, valueOf } from '../rpc.js';
import type { Outcome, Sink } from '../rpc.js';
import type { AdminName, Base, EnrolmentName } from '../operations/names.js';
import type { PortalRequest } from './request.js';

/** An answer in the field names of the door. */
export type Reply =
  | { readonly kind: 'status'; readonly status: number; readonly msg: string }
  | { readonly kind: 'record'; readonly record: Fields }
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'summary'; readonly summary: Summary };

/** A record: its fields by name, in order. */
export type Fields = Readonly<Record<string, string | number>>;

export interface Report {
  readonly disciplina: Fields;
  readonly professor: Fields | undefined;
  readonly alunos: readonly Fields[];
}

export interface Summary {
  readonly disciplina: Fields;
  readonly professor: Fields | undefined;
  readonly totalAlunos: number;
}

const ADMIN_METHODS: Readonly<Record<AdminName, Readonly<Record<Base, string>>>> = {
  create: { aluno: 'NovoAluno', professor: 'NovoProfessor', disciplina: 'NovaDisciplina' },
  update: { aluno: 'EditaAluno', professor: 'EditaProfessor', disciplina: 'EditaDisciplina' },
  delete: { aluno: 'RemoveAluno', professor: 'RemoveProfessor', disciplina: 'RemoveDisciplina' },
  get: { aluno: 'ObtemAluno', professor: 'ObtemProfessor', disciplina: 'ObtemDisciplina' },
  getall: {
    aluno: 'ObtemTodosAlunos',
    professor: 'ObtemTodosProfessores',
    disciplina: 'ObtemTodasDisciplinas',
  },
};

const ENROLMENT_METHODS: Readonly<Record<EnrolmentName, string>> = {
  add_prof: 'AdicionaProfessor',
  del_prof: 'RemoveProfessor',
  add_aluno: 'AdicionaAluno',
  del_aluno: 'RemoveAluno',
  rel_disc: 'DetalhaDisciplina',
  rel_prof: 'ObtemDisciplinasProfessor',
  rel_aluno: 'ObtemDisciplinasAluno',
};

/** Sends one request to the portal: see {@link invoke}. */
export function call(target: Target, request: PortalRequest, sink: Sink<Reply>): Promise<Outcome> {
  const { operation, service } = request;
  const writes = !/^(get|rel_)/.test(operation);
  const method =
    service === 'PortalAdministrativo'
      ? ADMIN_METHODS[request.operation][request.base]
      : ENROLMENT_METHODS[request.operation];
  const read = (message: object): Reply => (writes ? readStatus(message) : readAnswer(request, message));
  const rpc = { file: 'portal.proto', service: `project.${service}`, method, writes, read };
  return invoke(target, rpc, { item: request.item }, sink);
}

function readStatus(message: object): Reply {
  return { kind: 'status', status: numberOf(message, 'status'), msg: textOf(message, 'msg') };
}

function readAnswer(request: PortalRequest, message: object): Reply {
  if (request.service === 'PortalAdministrativo') return { kind: 'record', record: fieldsOf(message) };
  const head = {
    disciplina: fieldsOf(partOf(message, 'disciplina') ?? {}),
    professor: optional(partOf(message, 'professor')),
  };
  if (request.operation === 'rel_aluno') {
    return { kind: 'summary', summary: { ...head, totalAlunos: numberOf(message, 'totalAlunos') } };
  }
  const alunos = valueOf(message, 'alunos');
  const listed: readonly unknown[] = Array.isArray(alunos) ? alunos : [];
  return { kind: 'report', report: { ...head, alunos: listed.filter(isObject).map(fieldsOf) } };
}

function optional(message: object | undefined): Fields | undefined {
  return message && fieldsOf(message);
}

function partOf(message: object, field: string): object | undefined {
  const value = valueOf(message, field);
  return isObject(value) ? value : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function fieldsOf(message: object): Fields {
  return Object.fromEntries(
    Object.entries(message).filter(
      (entry): entry is [string, string | number] =>
        typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  );
}
