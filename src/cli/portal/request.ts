import type { Rpc } from '../../client/call.js';
import { parseChoice } from '../../config/parse.js';
import { badSetting } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { KvsError } from '../../core/errors.js';
import { flagTexts } from '../flags.js';
import { quotesText } from '../misuse.js';
import { ADMIN_OPERATIONS, BASES, ENROLMENT_OPERATIONS } from '../../config/operation-names.js';
import type { AdminName, Base } from '../../config/operation-names.js';
import { expect } from '../operations/request.js';
import { visible } from '../rendering/visible.js';
import { ADMIN, ENROLMENT, ID_FIELDS, readOf } from './operations.js';
import type { PortalReply, ReplyKind } from './operations.js';

/** One request to the portal, and the words for its answers. */
export interface PortalRequest {
  readonly name: string;
  readonly rpc: Rpc<PortalReply>;
  /** The message, in the field names of the door. */
  readonly item: object;
  readonly kind: ReplyKind;
  /** The base of a list; `undefined`: there is only one answer. */
  readonly listed: Base | undefined;
  /** The person whose classes a report lists. */
  readonly person: 'aluno' | 'professor' | undefined;
  readonly id: string;
  /** The requested item: `o aluno "1"`. */
  readonly subject: string;
  /** The text for status 0. */
  readonly done: string;
}

/**
 * The request from the options of `kvs admin`.
 * @throws KvsError CONFIGURACAO that says what was expected and what came
 */
export function adminRequestOf(flags: Flags): PortalRequest {
  const base = oneOf(flags['base'], '--base', BASES);
  const operation = oneOf(flags['op'], '--op', ADMIN_OPERATIONS);
  const keys = flagTexts(flags['key']);
  const values = flagTexts(flags['val']);
  const wantedKeys = operation === 'getall' ? 0 : 1;
  const name = `${operation} de ${base}`;
  expect(name, '--key', wantedKeys === 0 ? 'nenhuma' : '1', keys.length === wantedKeys, keys.length);
  const id = keys[0] ?? '';
  if (operation !== 'create' && operation !== 'update') {
    expect(name, '--val', 'nenhum', values.length === 0, values.length);
    return adminRequest(operation, base, id, operation === 'getall' ? {} : { id });
  }
  const [nome = '', places = ''] = values;
  if (base !== 'disciplina') {
    const hint = values.length > 1 ? `; ${quotesText('--val', values)}` : '';
    expect(name, '--val', '1 (o nome)', values.length === 1, values.length, hint);
    return adminRequest(operation, base, id, { [ID_FIELDS[base]]: id, nome });
  }
  const hint = values.length > 2 ? `; ${quotesText('--val', values.slice(0, -1))} VAGAS` : '';
  expect(name, '--val', '2 (o nome e as vagas)', values.length === 2, values.length, hint);
  if (!/^-?\d{1,9}$/.test(places)) throw badSetting('--val', places, 'um número de vagas');
  return adminRequest(operation, base, id, { sigla: id, nome, vagas: Number(places) });
}

/** The request for one record. */
export function recordRequest(base: Base, id: string): PortalRequest {
  return adminRequest('get', base, id, { id });
}

function adminRequest(name: AdminName, base: Base, id: string, item: object): PortalRequest {
  const { methods, kind, done = '' } = ADMIN[name];
  const [article, ending] = base === 'disciplina' ? ['a', 'a'] : ['o', 'o'];
  return {
    ...{ name, item, kind, id, person: undefined, listed: name === 'getall' ? base : undefined },
    rpc: rpcOf('PortalAdministrativo', methods[base], kind),
    subject: `${article} ${base} ${JSON.stringify(id)}`,
    done: `${base} ${visible(id)} ${done.replace(/o$/, ending)}`,
  };
}

/**
 * The request from the options of `kvs matricula`.
 * @throws KvsError CONFIGURACAO that says what was expected and what came
 */
export function enrolmentRequestOf(flags: Flags): PortalRequest {
  const name = oneOf(flags['op'], '--op', ENROLMENT_OPERATIONS);
  const ids = flagTexts(flags['val']);
  const [id = '', other = ''] = ids;
  const { method, kind, person, done = '' } = ENROLMENT[name];
  const isReport = kind !== 'status';
  const which = person === 'professor' ? 'o siape' : 'a matrícula';
  const wanted = isReport ? '1' : `2 (a sigla e ${which})`;
  expect(name, '--val', wanted, ids.length === (isReport ? 1 : 2), ids.length);
  const reported = isReport ? person : undefined;
  return {
    ...{ name, kind, id, person: reported, listed: reported && 'disciplina' },
    rpc: rpcOf('PortalMatricula', method, kind),
    item: isReport ? { id } : { disciplina: id, idPessoa: other },
    subject: `${reported === undefined ? 'a disciplina' : `o ${reported}`} ${JSON.stringify(id)}`,
    done: `${person ?? ''} ${visible(other)} ${done} ${visible(id)}`,
  };
}

function rpcOf(service: string, method: string, kind: ReplyKind): Rpc<PortalReply> {
  const writes = kind === 'status';
  return { file: 'portal.proto', service: `project.${service}`, method, writes, read: readOf(kind) };
}

function oneOf<T extends string>(given: Flags[string], place: string, choices: readonly T[]): T {
  const texts = flagTexts(given);
  const [text] = texts;
  if (text === undefined) throw new KvsError('CONFIGURACAO', `diga ${place}: ${choices.join(', ')}`);
  if (texts.length > 1) throw badSetting(place, texts.join(' '), `um só valor, não ${texts.length}`);
  return parseChoice(text, place, choices);
}
