import type { handleServerStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import type { KvsError } from '../../core/errors.js';
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
    DetalhaDisciplina: unary((sigla) => enrolment.detail(sigla), neverAnswered, context),
    ObtemDisciplinasProfessor: serverStreaming(
      { rows: (siape) => enrolment.ofProfessor(siape), answer: (report) => report },
      context,
    ),
    ObtemDisciplinasAluno: serverStreaming(
      { rows: (matricula) => enrolment.ofAluno(matricula), answer: (summary) => summary },
      context,
    ),
  };
}

function registryHandlers<T>(registry: Registry<T>, context: DoorContext) {
  return {
    create: change((record: T) => registry.create(record), context),
    update: change((record: T) => registry.update(record), context),
    remove: change((id: string) => registry.remove(id), context),
    get: unary((id: string) => registry.get(id), neverAnswered, context),
    all: serverStreaming<Vazia, T, T>({ rows: () => registry.all(), answer: (record) => record }, context),
  };
}

const DONE: Status = Object.freeze({ refusal: undefined });

function change<Req>(make: (request: Req) => Promise<void>, context: DoorContext): Change<Req> {
  return unary(async (request: Req) => make(request).then(() => DONE), refusalOf, context);
}

function refusalOf(error: KvsError): Status | undefined {
  return isExpected(error) ? { refusal: error.message } : undefined;
}
