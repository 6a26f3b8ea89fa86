import type { Awaitable, Engine, Stream } from './engine.js';

/**
 * The enrolment portal as its doors and its MQTT topics use it (contract, section 4). Field names are those of the
 * messages.
 */

export interface Aluno {
  readonly matricula: string;
  readonly nome: string;
}

export interface Professor {
  readonly siape: string;
  readonly nome: string;
}

export interface Disciplina {
  readonly sigla: string;
  readonly nome: string;
  /** Places, from 0. */
  readonly vagas: number;
}

/** A class with the current names of its people; `professor` is absent if it has none. */
export interface RelatorioDisciplina {
  readonly disciplina: Disciplina;
  readonly professor: Professor | undefined;
  /** In the order of their identifiers. */
  readonly alunos: readonly Aluno[];
}

export interface ResumoDisciplina {
  readonly disciplina: Disciplina;
  readonly professor: Professor | undefined;
  readonly totalAlunos: number;
}

/**
 * Records of one kind. Methods that change something throw (or reject with) a KvsError whose message says what is
 * wrong: CADASTRO_INVALIDO, CADASTRO_EXISTENTE, CADASTRO_INEXISTENTE, CONFLITO, and those of the engine.
 */
export interface Registry<T> {
  create(record: T): Promise<void>;
  update(record: T): Promise<void>;
  /** Removes the record and everything that depends on it. */
  remove(id: string): Promise<void>;
  /** `undefined` if there is none. */
  get(id: string): Awaitable<T | undefined>;
  /** In the order of identifiers. */
  all(): Stream<T>;
}

export interface Registries {
  readonly alunos: Registry<Aluno>;
  readonly professores: Registry<Professor>;
  readonly disciplinas: Registry<Disciplina>;
}

/**
 * Who teaches and who attends which class. Methods that change something throw (or reject with) a KvsError whose
 * message says what is wrong: CADASTRO_INEXISTENTE, MATRICULA_RECUSADA, DISCIPLINA_LOTADA, CONFLITO, and those of the
 * engine.
 */
export interface Enrolment {
  addProfessor(sigla: string, siape: string): Promise<void>;
  removeProfessor(sigla: string, siape: string): Promise<void>;
  addAluno(sigla: string, matricula: string): Promise<void>;
  removeAluno(sigla: string, matricula: string): Promise<void>;
  /** `undefined` if there is no such class. */
  detail(sigla: string): Promise<RelatorioDisciplina | undefined>;
  /** In the order of their identifiers; empty if no professor has that identifier. */
  ofProfessor(siape: string): Stream<RelatorioDisciplina>;
  ofAluno(matricula: string): Stream<ResumoDisciplina>;
}

/** The application. */
export interface Portal {
  readonly registries: Registries;
  readonly enrolment: Enrolment;
  /** The same portal on another view of its store. */
  on(engine: Engine): Portal;
}
