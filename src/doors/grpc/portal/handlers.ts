import type { handleServerStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import type { Caller } from '../../../call/admission.js';
import { neverAnswered } from '../../../call/operation.js';
import type { Decoded } from '../../../call/operation.js';
import type { KvsError } from '../../../core/errors.js';
import type { Awaitable, Stream } from '../../../ports/engine.js';
import type {
  Aluno,
  Disciplina,
  Enrolment,
  Portal,
  Professor,
  Registry,
  RelatorioDisciplina,
  ResumoDisciplina,
} from '../../../ports/portal.js';
import type { DoorContext } from '../calls/grpc-call.js';
import { serverStreaming, unary } from '../calls/handlers.js';
import { isExpected } from '../errors.js';
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
export function adminHandlers(portal: Portal, context: DoorContext): AdminHandlers {
  const alunos = registryHandlers(({ registries }) => registries.alunos, portal, context);
  const professores = registryHandlers(({ registries }) => registries.professores, portal, context);
  const disciplinas = registryHandlers(({ registries }) => registries.disciplinas, portal, context);
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
export function enrolmentHandlers(portal: Portal, context: DoorContext): EnrolmentHandlers {
  const of = (caller: Caller): Enrolment => seenBy(caller, portal).enrolment;
  return {
    AdicionaProfessor: change(({ sigla, person }, caller) => of(caller).addProfessor(sigla, person), context),
    RemoveProfessor: change(
      ({ sigla, person }, caller) => of(caller).removeProfessor(sigla, person),
      context,
    ),
    AdicionaAluno: change(({ sigla, person }, caller) => of(caller).addAluno(sigla, person), context),
    RemoveAluno: change(({ sigla, person }, caller) => of(caller).removeAluno(sigla, person), context),
    DetalhaDisciplina: look((sigla, caller) => of(caller).detail(sigla), context),
    ObtemDisciplinasProfessor: list((siape: string, caller) => of(caller).ofProfessor(siape), context),
    ObtemDisciplinasAluno: list((matricula: string, caller) => of(caller).ofAluno(matricula), context),
  };
}

function registryHandlers<T>(
  which: (portal: Portal) => Registry<T>,
  portal: Portal,
  context: DoorContext,
): RegistryHandlers<T> {
  const of = (caller: Caller): Registry<T> => which(seenBy(caller, portal));
  return {
    create: change((record: T, caller) => of(caller).create(record), context),
    update: change((record: T, caller) => of(caller).update(record), context),
    remove: change((id: string, caller) => of(caller).remove(id), context),
    get: look((id, caller) => of(caller).get(id), context),
    all: list<Vazia, T>((_, caller) => of(caller).all(), context),
  };
}

interface RegistryHandlers<T> {
  readonly create: Change<T>;
  readonly update: Change<T>;
  readonly remove: Change<string>;
  readonly get: Look<T>;
  readonly all: List<Vazia, T>;
}

/** A session may have to be answered from more than this server would answer others from. */
function seenBy({ view }: Caller, portal: Portal): Portal {
  return view === undefined ? portal : portal.on(view);
}

/** The application asks the store itself, for whoever may use all of the keys that it keeps. */
const PORTAL_PREFIX = 'portal/';

const DONE: Status = Object.freeze({ refusal: undefined });

function change<Req>(
  make: (request: Req, caller: Caller) => Promise<void>,
  context: DoorContext,
): Change<Req> {
  return unary(
    {
      run: async (request: Req, caller) => {
        caller.assertMay('write', PORTAL_PREFIX);
        return make(request, caller).then(() => DONE);
      },
      refusal: refusalOf,
      written: () => undefined,
    },
    context,
  );
}

function look<T>(
  find: (id: string, caller: Caller) => Awaitable<T | undefined>,
  context: DoorContext,
): Look<T> {
  return unary(
    {
      run: (id: string, caller) => {
        caller.assertMay('read', PORTAL_PREFIX);
        return find(id, caller);
      },
      refusal: neverAnswered,
    },
    context,
  );
}

function list<Req, T>(rows: (request: Req, caller: Caller) => Stream<T>, context: DoorContext): List<Req, T> {
  return serverStreaming<Req, T, T>(
    {
      rows: (request, caller) => {
        caller.assertMay('read', PORTAL_PREFIX);
        return rows(request, caller);
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
