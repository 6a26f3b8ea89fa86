import type { Base } from '../../../config/operation-names.js';
import { ID_FIELDS } from '../../portal/operations.js';
import { Deviation, NotTried } from '../case.js';
import { Matcher, displayed, SOME_TEXT } from '../expectation.js';
import type { Expected } from '../expectation.js';
import type { CameMessage } from '../grpc/server.js';
import { GrpcTrial } from '../grpc/trial.js';
import type { TrialOptions } from '../grpc/trial.js';
import type { PortalTopics } from './topics.js';

export const ADMIN_SERVICE = { file: 'portal.proto', service: 'project.PortalAdministrativo' } as const;
export const ENROLMENT_SERVICE = { file: 'portal.proto', service: 'project.PortalMatricula' } as const;

/** Which servers offer which half of the portal, by their places. */
export interface PortalPlaces {
  readonly admin: readonly number[];
  readonly enrolment: readonly number[];
  /** The server that is asked for each half if no other is meant: one for both, if any offers both. */
  readonly mainAdmin: number | undefined;
  readonly mainEnrolment: number | undefined;
}

type RecordAction = 'create' | 'update' | 'delete' | 'get' | 'list';

/** The RPCs of each base. */
export const METHODS: Readonly<Record<Base, Readonly<Record<RecordAction, string>>>> = {
  aluno: {
    ...{ create: 'NovoAluno', update: 'EditaAluno', delete: 'RemoveAluno' },
    ...{ get: 'ObtemAluno', list: 'ObtemTodosAlunos' },
  },
  professor: {
    ...{ create: 'NovoProfessor', update: 'EditaProfessor', delete: 'RemoveProfessor' },
    ...{ get: 'ObtemProfessor', list: 'ObtemTodosProfessores' },
  },
  disciplina: {
    ...{ create: 'NovaDisciplina', update: 'EditaDisciplina', delete: 'RemoveDisciplina' },
    ...{ get: 'ObtemDisciplina', list: 'ObtemTodasDisciplinas' },
  },
};

export const DONE: Expected = { status: 0 };
export const REFUSED: Expected = { status: 1, msg: SOME_TEXT };

/** A person or class: its fields by their names in the contract. */
export interface Registered {
  readonly id: string;
  readonly record: Expected;
}

/** The fields of a record. */
export function recordOf(base: Base, id: string, nome: string, vagas = 30): Expected {
  return { [ID_FIELDS[base]]: id, nome, ...(base === 'disciplina' && { vagas }) };
}

/** A blank record, for one that does not exist. */
export function blankOf(base: Base): Expected {
  return { [ID_FIELDS[base]]: '', nome: '', ...(base === 'disciplina' && { vagas: 0 }) };
}

/** A message that is not set, or blank in all its fields. */
export const BLANK_MESSAGE = new Matcher('em branco', isBlank);

function isBlank(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isBlank);
  return value === undefined || value === null || value === '' || value === 0;
}

/** The steps of one case at the portal. */
export class PortalTrial extends GrpcTrial {
  constructor(
    options: TrialOptions,
    readonly places: PortalPlaces,
    private readonly topics: PortalTopics | undefined,
  ) {
    super(options);
  }

  /** An identifier of this case: digits for a professor, as a SIAPE is. */
  id(base: Base, name: string): string {
    const text = `${this.prefix}${name}`.replaceAll('-', '');
    const digits = text.replace(/\D/g, (letter) => String(letter.charCodeAt(0) % 10));
    const id = base === 'professor' ? `9${digits}` : `C${text}`.toUpperCase();
    this.willUse(base, id);
    return id;
  }

  /** Something that may come to be registered, and is to be removed at the end. */
  willUse(base: Base, id: string): void {
    this.uses(`${base} ${id}`);
  }

  /** A call of `PortalAdministrativo`. */
  admin(method: string, request: object, expected: Expected, hint?: string): Promise<CameMessage> {
    const terms = { at: this.places.mainAdmin ?? 0, of: ADMIN_SERVICE };
    return this.call(method, request, expected, hint === undefined ? terms : { ...terms, hint });
  }

  /** Registers somebody or something. */
  async create(base: Base, name: string, nome = `Nome de ${name}`, vagas?: number): Promise<Registered> {
    const id = this.id(base, name);
    const record = recordOf(base, id, nome, vagas);
    await this.admin(METHODS[base].create, record, DONE);
    return { id, record };
  }

  /** What is registered under an identifier. */
  async expectRecord(base: Base, id: string, expected: Expected, hint?: string): Promise<void> {
    await this.admin(METHODS[base].get, { id }, expected, hint);
  }

  /**
   * A call of `PortalMatricula`. A server of its own, which may learn later what the other half has registered, is asked
   * until it answers as expected.
   */
  async enrol(method: string, request: object, expected: Expected, hint?: string): Promise<void> {
    const { mainAdmin, mainEnrolment: at = 0 } = this.places;
    const terms = { at, of: ENROLMENT_SERVICE, ...(hint !== undefined && { hint }) };
    if (mainAdmin === at) await this.call(method, request, expected, terms);
    else await this.eventually(method, request, expected, terms);
  }

  /** As {@link enrol}, for the report of a person's classes. */
  async enrolRows(method: string, request: object, expected: readonly Expected[]): Promise<void> {
    const { mainAdmin, mainEnrolment: at = 0 } = this.places;
    const terms = { at, of: ENROLMENT_SERVICE };
    if (mainAdmin === at) await this.expectRows(method, request, () => true, expected, terms);
    else await this.eventuallyRows(method, request, () => true, expected, terms);
  }

  /** Whoever registers at one server is known at all others of that half, in time. */
  async everywhere(base: Base, id: string, expected: Expected): Promise<void> {
    for (const at of this.places.admin) {
      await this.eventually(METHODS[base].get, { id }, expected, { at, of: ADMIN_SERVICE });
    }
  }

  /** Publishes on a topic of the portal, as other programs do. */
  async publish(action: string, payload: string): Promise<void> {
    const topic = `portal/admin/${action}`;
    const came = this.note(`mosquitto_pub -t ${topic} -m ${displayed(payload)}`);
    if (!(await this.broker.publish(topic, payload))) throw new NotTried('o broker não levou a mensagem');
    came('publicada');
  }

  /** Waits for what a server publishes. */
  async published(action: string, fields: readonly string[]): Promise<void> {
    const topic = `portal/admin/${action}`;
    const came = this.note(`mosquitto_sub -t ${topic}`);
    if (await this.broker.comes(topic, fields, this.replicaMs)) {
      came(fields.join(','));
      return;
    }
    const seen = this.broker.mentioning(fields[0] ?? '');
    came(seen.length === 0 ? 'nada' : seen.join(' · '));
    throw new Deviation(
      `${topic} ${fields.join(',')}`,
      seen.length === 0 ? `nada em ${this.replicaMs} ms` : `outra coisa: ${seen.join(' · ')}`,
    );
  }

  /** How often a message was published, by whomever. */
  timesPublished(action: string, fields: readonly string[]): number {
    return this.broker.matching(`portal/admin/${action}`, fields).length;
  }

  private get broker(): PortalTopics {
    if (this.topics === undefined) throw new NotTried('diga o broker dos seus servidores com --broker');
    return this.topics;
  }
}
