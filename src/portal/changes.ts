/** Changes of records, and how they look on MQTT and in the store. Pure. */
import { isUtf8 } from 'node:buffer';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { portalLimits } from './limits.js';
import { mayExist } from './checks.js';
import { decodeCsv, encodeCsv } from './csv.js';
import { ALUNO, DISCIPLINA, PROFESSOR } from './records.js';
import type { ChangeAction, RecordKind, Kind } from './records.js';

/** A change of a record, accepted by a server or requested by a message. */
export interface Change {
  readonly base: RecordKind;
  readonly action: ChangeAction | 'delete';
  /** The identifier first; a deletion has nothing else. */
  readonly fields: readonly string[];
}

/** Filter that every portal server subscribes to. */
export const PORTAL_FILTER = 'portal/admin/#';

/** Topic of enrolments that had to be undone: `sigla,matricula`. */
export const EXCESS_TOPIC = 'portal/admin/matricula/excedente';

const ROOT = 'portal/admin/';
const KINDS = [ALUNO, PROFESSOR, DISCIPLINA] as const;
const ACTIONS = ['create', 'update', 'delete'] as const;

export function changeTo<T>(kind: Kind<T>, action: ChangeAction, record: T): Change {
  return { base: kind.base, action, fields: kind.fields(record) };
}

export function deletion<T>(kind: Kind<T>, id: string): Change {
  return { base: kind.base, action: 'delete', fields: [id] };
}

/** A message as it is published. */
export interface PortalMessage {
  readonly topic: string;
  readonly payload: string;
}

export function messageOf({ base, action, fields }: Change): PortalMessage {
  return { topic: `${ROOT}${base}/${action}`, payload: encodeCsv(fields) };
}

export function excessMessage(sigla: string, matricula: string): PortalMessage {
  return { topic: EXCESS_TOPIC, payload: encodeCsv([sigla, matricula]) };
}

/** The record that a change is about, as one text. */
export function subjectOf({ base, fields }: Change): string {
  return `${base}/${fields[0] ?? ''}`;
}

/**
 * Parses the change that a message requests.
 * @throws KvsError CADASTRO_INVALIDO with what is wrong
 */
export function parseMessage(topic: string, payload: Buffer): Change {
  const [base, action, ...rest] = topic.slice(ROOT.length).split('/');
  const kind = KINDS.find((known) => known.base === base);
  const known = ACTIONS.find((name) => name === action);
  if (!topic.startsWith(ROOT) || kind === undefined || known === undefined || rest.length > 0) {
    throw invalid(
      'tópico desconhecido: esperado portal/admin/{aluno,professor,disciplina}/{create,update,delete}',
    );
  }
  if (payload.length > limits.portalPayloadBytes)
    throw invalid(`carga maior que ${limits.portalPayloadBytes} bytes`);
  if (!isUtf8(payload)) throw invalid('a carga não é UTF-8 válido');
  const fields = decodeCsv(payload.toString('utf8'));
  const columns = known === 'delete' ? kind.columns.slice(0, 1) : kind.columns;
  if (fields === undefined) throw invalid('a carga não é uma linha de CSV: aspas sem par');
  const [column = ''] = columns;
  if (payload.length === 0) throw invalid(`carga vazia: esperado ${columns.join(',')}`);
  if (fields.length !== columns.length) {
    const count = fields.length === 1 ? '1 campo' : `${fields.length} campos`;
    throw invalid(`carga com ${count}: esperado ${columns.join(',')}`);
  }
  if (fields[0] === '') throw invalid(`o campo ${column} está vazio`);
  if (known !== 'delete' && kind.parse(fields) === undefined) {
    throw invalid('o campo vagas não é um número inteiro');
  }
  return { base: kind.base, action: known, fields };
}

/**
 * The change that a new version of a key stands for; `undefined` if the key is not a record's or the value not the
 * portal's. Keys written by hand may be larger than the portal's: they are skipped, since nobody would take their
 * message and up to `portalLimits.messages` of them would be remembered.
 */
export function changeOfValue(key: string, value: string): Change | undefined {
  for (const kind of KINDS) {
    const change = key.startsWith(kind.prefix) ? changeOfRecord<unknown>(kind, key, value) : undefined;
    if (change !== undefined) return mayBeShown(change) ? change : undefined;
  }
  return undefined;
}

/** The change that the removal of a key stands for; `undefined` if the key is not a record's. */
export function changeOfRemoval(key: string): Change | undefined {
  const kind = KINDS.find(({ prefix }) => key.startsWith(prefix));
  if (kind === undefined) return undefined;
  const change: Change = { base: kind.base, action: 'delete', fields: [key.slice(kind.prefix.length)] };
  return mayBeShown(change) ? change : undefined;
}

function mayBeShown({ fields: [id = '', ...others] }: Change): boolean {
  return mayExist(id) && others.every((field) => Buffer.byteLength(field, 'utf8') <= portalLimits.nameBytes);
}

function changeOfRecord<T>(kind: Kind<T>, key: string, value: string): Change | undefined {
  const decoded = kind.decode(key.slice(kind.prefix.length), value);
  return decoded && changeTo(kind, decoded.action, decoded.record);
}

function invalid(message: string): KvsError {
  return new KvsError('CADASTRO_INVALIDO', message);
}
