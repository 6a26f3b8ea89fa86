import { numberOf, textOf, valueOf } from '../../client/fields.js';
import type { AdminName, Base, EnrolmentName } from '../../config/operation-names.js';

/** The kind of answer of an operation. */
export type ReplyKind = 'status' | 'record' | 'report' | 'summary';

/** A row of the table of `kvs admin`. */
interface AdminOperation {
  readonly methods: Readonly<Record<Base, string>>;
  readonly kind: ReplyKind;
  /** What was done with a record. */
  readonly done?: string;
}

/** A row of the table of `kvs matricula`. */
interface EnrolmentOperation {
  readonly method: string;
  readonly kind: ReplyKind;
  /** The person who joins or leaves a class, or whose classes are listed. */
  readonly person?: 'aluno' | 'professor';
  readonly done?: string;
}

/** Operations of `project.PortalAdministrativo`. */
export const ADMIN: Readonly<Record<AdminName, AdminOperation>> = {
  create: {
    methods: { aluno: 'NovoAluno', professor: 'NovoProfessor', disciplina: 'NovaDisciplina' },
    ...{ kind: 'status', done: 'cadastrado' },
  },
  update: {
    methods: { aluno: 'EditaAluno', professor: 'EditaProfessor', disciplina: 'EditaDisciplina' },
    ...{ kind: 'status', done: 'alterado' },
  },
  delete: {
    methods: { aluno: 'RemoveAluno', professor: 'RemoveProfessor', disciplina: 'RemoveDisciplina' },
    ...{ kind: 'status', done: 'removido' },
  },
  get: {
    methods: { aluno: 'ObtemAluno', professor: 'ObtemProfessor', disciplina: 'ObtemDisciplina' },
    kind: 'record',
  },
  getall: {
    methods: {
      aluno: 'ObtemTodosAlunos',
      professor: 'ObtemTodosProfessores',
      disciplina: 'ObtemTodasDisciplinas',
    },
    kind: 'record',
  },
};

/** Operations of `project.PortalMatricula`. */
export const ENROLMENT: Readonly<Record<EnrolmentName, EnrolmentOperation>> = {
  add_prof: { method: 'AdicionaProfessor', kind: 'status', person: 'professor', done: 'ministra' },
  del_prof: { method: 'RemoveProfessor', kind: 'status', person: 'professor', done: 'não ministra mais' },
  add_aluno: { method: 'AdicionaAluno', kind: 'status', person: 'aluno', done: 'está em' },
  del_aluno: { method: 'RemoveAluno', kind: 'status', person: 'aluno', done: 'não está mais em' },
  rel_disc: { method: 'DetalhaDisciplina', kind: 'report' },
  rel_prof: { method: 'ObtemDisciplinasProfessor', kind: 'report', person: 'professor' },
  rel_aluno: { method: 'ObtemDisciplinasAluno', kind: 'summary', person: 'aluno' },
};

/** The name of the identifier of each base. */
export const ID_FIELDS: Readonly<Record<Base, string>> = {
  aluno: 'matricula',
  professor: 'siape',
  disciplina: 'sigla',
};

/** A record: its fields by name, in order. */
export type PortalRecord = Readonly<Record<string, string | number>>;

/** A class, its teacher, and its students (a report) or their number (a summary). */
export interface ClassReply {
  readonly disciplina: PortalRecord;
  readonly professor: PortalRecord | undefined;
  readonly alunos?: readonly PortalRecord[];
  readonly totalAlunos?: number;
}

/** An answer in the field names of the door. A blank answer, for nothing found, has no id. */
export interface PortalReply {
  readonly id: string;
  /** For a write: 0 if it was done. */
  readonly status?: number;
  readonly msg?: string;
  readonly record?: PortalRecord;
  readonly class?: ClassReply;
}

/** The decoder for answers of one kind. */
export function readOf(kind: ReplyKind): (message: object) => PortalReply {
  switch (kind) {
    case 'status':
      return (message) => ({ id: '-', status: numberOf(message, 'status'), msg: textOf(message, 'msg') });
    case 'record':
      return (message) => {
        const record = recordOf(message);
        const field = Object.values(ID_FIELDS).find((name) => name in record) ?? '';
        return { id: String(record[field] ?? ''), record };
      };
    default:
      return (message) => {
        const disciplina = recordOf(valueOf(message, 'disciplina'));
        const professor = valueOf(message, 'professor');
        const head = { disciplina, professor: professor === null ? undefined : recordOf(professor) };
        const rest =
          kind === 'summary'
            ? { totalAlunos: numberOf(message, 'totalAlunos') }
            : { alunos: (valueOf(message, 'alunos') as readonly object[]).map(recordOf) };
        return { id: String(disciplina['sigla'] ?? ''), class: { ...head, ...rest } };
      };
  }
}

function recordOf(message: unknown): PortalRecord {
  return Object.fromEntries(
    Object.entries(message ?? {}).filter(
      (entry): entry is [string, string | number] =>
        typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  );
}
