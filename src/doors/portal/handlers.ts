import type { handleServerStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import type { KvsError } from '../../core/errors.js';
import type { Awaitable, Stream } from '../../ports/engine.js';
import type {
  Aluno,
  Disciplina,
  Enrolment,
  Professor,
  Registries,
  Registry,
  RelatorioDisciplina,
  ResumoDisciplina,
} from '../../ports/portal.js';
import { serverStreaming, unary, type DoorContext } from '../calls/handlers.js';
import { neverAnswered } from '../calls/operation.js';
import { isExpected } from '../errors.js';
import type { Decoded } from '../wire/messages.js';
import type { ClassAndPerson, Status, Vazia } from './wire.js';

type Change<T> = handleUnaryCall<Decoded<T>, Status>;
type Look<T> = handleUnaryCall<Decoded<string>, T | undefined>;
type List<Req, T> = handleServerStreamingCall<Decoded<Req>, T>;

/** The RPCs of `project.PortalAdministrativo`, by their names. */
export interface AdminHandlers {
  readonly NovoAluno: Change<Aluno>;
  readonly EditaAluno: Change<Aluno>;
  readonly RemoveAluno: Change<string>;
  readonly ObtemAluno: Look<Aluno>;
  readonly ObtemTodosAlunos: List<Vazia, Aluno>;
  readonly NovoProfessor: Change<Professor>;
  readonly EditaProfessor: Change<Professor>;
  readonly RemoveProfessor: Change<string>;
  readonly ObtemProfessor: Look<Professor>;
  readonly ObtemTodosProfessores: List<Vazia, Professor>;
  readonly NovaDisciplina: Change<Disciplina>;
  readonly EditaDisciplina: Change<Disciplina>;
  readonly RemoveDisciplina: Change<string>;
  readonly ObtemDisciplina: Look<Disciplina>;
  readonly ObtemTodasDisciplinas: List<Vazia, Disciplina>;
}

/** The RPCs of `project.PortalMatricula`, by their names. */
export interface EnrolmentHandlers {
  readonly AdicionaProfessor: Change<ClassAndPerson>;
  readonly RemoveProfessor: Change<ClassAndPerson>;
  readonly AdicionaAluno: Change<ClassAndPerson>;
  readonly RemoveAluno: Change<ClassAndPerson>;
  readonly DetalhaDisciplina: Look<RelatorioDisciplina>;
  readonly ObtemDisciplinasProfessor: List<string, RelatorioDisciplina>;
  readonly ObtemDisciplinasAluno: List<string, ResumoDisciplina>;
}

/**
 * What breaks a rule of the portal is answered by a `Status` of 1 with the reason. What a client may try again elsewhere, and
 * what is full or broken, ends the call with a gRPC status, as on `kvs.KVS`.
 */
export function adminHandlers(registries: Registries, context: DoorContext): AdminHandlers {
  const alunos = registryHandlers(registries.alunos, context);
  const professores = registryHandlers(registries.professores, context);
  const disciplinas = registryHandlers(registries.disciplinas, context);
  return {
    NovoAluno: alunos.create,
    EditaAluno: alunos.update,
    RemoveAluno: alunos.remove,
    ObtemAluno: alunos.get,
    ObtemTodosAlunos: alunos.all,
    NovoProfessor: professores.create,
    EditaProfessor: professores.update,
    RemoveProfessor: professores.remove,
    ObtemProfessor: professores.get,
    ObtemTodosProfessores: professores.all,
    NovaDisciplina: disciplinas.create,
    EditaDisciplina: disciplinas.update,
    RemoveDisciplina: disciplinas.remove,
    ObtemDisciplina: disciplinas.get,
    ObtemTodasDisciplinas: disciplinas.all,
  };
}

/** As {@link adminHandlers}. */
export function enrolmentHandlers(enrolment: Enrolment, context: DoorContext): EnrolmentHandlers {
  return {
    AdicionaProfessor: change(({ sigla, person }) => enrolment.addProfessor(sigla, person), context),
    RemoveProfessor: change(({ sigla, person }) => enrolment.removeProfessor(sigla, person), context),
    AdicionaAluno: change(({ sigla, person }) => enrolment.addAluno(sigla, person), context),
    RemoveAluno: change(({ sigla, person }) => enrolment.removeAluno(sigla, person), context),
    DetalhaDisciplina: look((sigla) => enrolment.detail(sigla), context),
    ObtemDisciplinasProfessor: list((siape: string) => enrolment.ofProfessor(siape), context),
    ObtemDisciplinasAluno: list((matricula: string) => enrolment.ofAluno(matricula), context),
  };
}

function registryHandlers<T>(registry: Registry<T>, context: DoorContext) {
  return {
    create: change((record: T) => registry.create(record), context),
    update: change((record: T) => registry.update(record), context),
    remove: change((id: string) => registry.remove(id), context),
    get: look((id) => registry.get(id), context),
    all: list<Vazia, T>(() => registry.all(), context),
  };
}

/** The application asks the store itself, for whoever may use all of the keys that it keeps. */
const PORTAL_PREFIX = 'portal/';

const DONE: Status = Object.freeze({ refusal: undefined });

function change<Req>(make: (request: Req) => Promise<void>, context: DoorContext): Change<Req> {
  return unary(
    async (request: Req, caller) => {
      caller.assertMay('write', PORTAL_PREFIX);
      return make(request).then(() => DONE);
    },
    refusalOf,
    context,
    () => undefined,
  );
}

function look<T>(find: (id: string) => Awaitable<T | undefined>, context: DoorContext): Look<T> {
  return unary(
    (id: string, caller) => {
      caller.assertMay('read', PORTAL_PREFIX);
      return find(id);
    },
    neverAnswered,
    context,
  );
}

function list<Req, T>(rows: (request: Req) => Stream<T>, context: DoorContext): List<Req, T> {
  return serverStreaming<Req, T, T>(
    {
      rows: (request, caller) => {
        caller.assertMay('read', PORTAL_PREFIX);
        return rows(request);
      },
      // Asked again: the credential may be revoked meanwhile.
      answer: (record, caller) => {
        caller.assertMay('read', PORTAL_PREFIX);
        return record;
      },
    },
    context,
  );
}

function refusalOf(error: KvsError): Status | undefined {
  return isExpected(error) ? { refusal: error.message } : undefined;
}
