/** The rules of the portal's services for one request: permission, application, answer. */
import type { Caller } from '../../../call/admission.js';
import { neverAnswered } from '../../../call/operation.js';
import type { DoorOperation, RowsOperation } from '../../../call/operation.js';
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
import { isExpected } from '../errors.js';
import type { ClassAndPerson, Status, Vazia } from './wire.js';

type Change<T> = DoorOperation<T, Status>;
type Look<T> = DoorOperation<string, T | undefined>;
type List<Req, T> = RowsOperation<Req, T, T>;

/** The RPCs of `project.PortalAdministrativo`, by their names. */
interface AdminOperations {
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
interface EnrolmentOperations {
  readonly AdicionaProfessor: Change<ClassAndPerson>;
  readonly RemoveProfessor: Change<ClassAndPerson>;
  readonly AdicionaAluno: Change<ClassAndPerson>;
  readonly RemoveAluno: Change<ClassAndPerson>;
  readonly DetalhaDisciplina: Look<RelatorioDisciplina>;
  readonly ObtemDisciplinasProfessor: List<string, RelatorioDisciplina>;
  readonly ObtemDisciplinasAluno: List<string, ResumoDisciplina>;
}

/**
 * A request that breaks a rule of the portal is answered with `Status` 1 and the reason. Errors after which a client
 * may try another server, and full or broken servers, end the call with a gRPC status, as on `kvs.KVS`.
 */
export function adminOperations(portal: Portal): AdminOperations {
  const alunos = registryOperations(({ registries }) => registries.alunos, portal);
  const professores = registryOperations(({ registries }) => registries.professores, portal);
  const disciplinas = registryOperations(({ registries }) => registries.disciplinas, portal);
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

/** As {@link adminOperations}. */
export function enrolmentOperations(portal: Portal): EnrolmentOperations {
  const of = (caller: Caller): Enrolment => seenBy(caller, portal).enrolment;
  return {
    AdicionaProfessor: change(({ sigla, person }, caller) => of(caller).addProfessor(sigla, person)),
    RemoveProfessor: change(({ sigla, person }, caller) => of(caller).removeProfessor(sigla, person)),
    AdicionaAluno: change(({ sigla, person }, caller) => of(caller).addAluno(sigla, person)),
    RemoveAluno: change(({ sigla, person }, caller) => of(caller).removeAluno(sigla, person)),
    DetalhaDisciplina: look((sigla, caller) => of(caller).detail(sigla)),
    ObtemDisciplinasProfessor: list((siape: string, caller) => of(caller).ofProfessor(siape)),
    ObtemDisciplinasAluno: list((matricula: string, caller) => of(caller).ofAluno(matricula)),
  };
}

function registryOperations<T>(
  which: (portal: Portal) => Registry<T>,
  portal: Portal,
): RegistryOperations<T> {
  const of = (caller: Caller): Registry<T> => which(seenBy(caller, portal));
  return {
    create: change((record: T, caller) => of(caller).create(record)),
    update: change((record: T, caller) => of(caller).update(record)),
    remove: change((id: string, caller) => of(caller).remove(id)),
    get: look((id, caller) => of(caller).get(id)),
    all: list<Vazia, T>((_, caller) => of(caller).all()),
  };
}

interface RegistryOperations<T> {
  readonly create: Change<T>;
  readonly update: Change<T>;
  readonly remove: Change<string>;
  readonly get: Look<T>;
  readonly all: List<Vazia, T>;
}

/** A session may require a fresher view than this server gives by default. */
function seenBy({ view }: Caller, portal: Portal): Portal {
  return view === undefined ? portal : portal.on(view);
}

/** The application itself uses the store, so callers need rights to all the keys that it keeps. */
const PORTAL_PREFIX = 'portal/';

const DONE: Status = Object.freeze({ refusal: undefined });

function change<Req>(make: (request: Req, caller: Caller) => Promise<void>): Change<Req> {
  return {
    run: async (request, caller) => {
      caller.assertMay('write', PORTAL_PREFIX, 'prefix');
      return make(request, caller).then(() => DONE);
    },
    refusal: (error) => (isExpected(error) ? { refusal: error.message } : undefined),
    written: () => undefined,
  };
}

function look<T>(find: (id: string, caller: Caller) => Awaitable<T | undefined>): Look<T> {
  return {
    run: (id, caller) => {
      caller.assertMay('read', PORTAL_PREFIX, 'prefix');
      return find(id, caller);
    },
    refusal: neverAnswered,
  };
}

function list<Req, T>(rows: (request: Req, caller: Caller) => Stream<T>): List<Req, T> {
  return {
    rows: (request, caller) => {
      caller.assertMay('read', PORTAL_PREFIX, 'prefix');
      return rows(request, caller);
    },
    // Checked again: the credential may be revoked meanwhile.
    answer: (record, caller) => {
      caller.assertMay('read', PORTAL_PREFIX, 'prefix');
      return record;
    },
  };
}
