import { parseChoice } from '../../config/parse.js';
import { badSetting } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { KvsError } from '../../core/errors.js';
import { ADMIN_OPERATIONS, BASES, ENROLMENT_OPERATIONS } from '../operations/names.js';
import type { AdminName, Base, EnrolmentName } from '../operations/names.js';
import { expect, list } from '../request.js';
import { quotesText } from '../misuse.js';

/** One request to the portal, its message in the field names of the door. */
export type PortalRequest =
  | {
      readonly service: 'PortalAdministrativo';
      readonly base: Base;
      readonly operation: AdminName;
      /** Empty for `getall`. */
      readonly id: string;
      readonly item: object;
    }
  | {
      readonly service: 'PortalMatricula';
      readonly operation: EnrolmentName;
      readonly ids: readonly string[];
      readonly item: object;
    };

/** What an identifier of each base is called. */
export const ID_FIELDS: Readonly<Record<Base, string>> = {
  aluno: 'matricula',
  professor: 'siape',
  disciplina: 'sigla',
};

/**
 * The request that the options of `kvs admin` name.
 * @throws KvsError CONFIGURACAO that says what was expected and what came
 */
export function adminRequestOf(flags: Flags): PortalRequest {
  const base = oneOf(flags['base'], '--base', BASES);
  const operation = oneOf(flags['op'], '--op', ADMIN_OPERATIONS);
  const keys = list(flags['key']);
  const values = list(flags['val']);
  const wantedKeys = operation === 'getall' ? 0 : 1;
  const name = `${operation} de ${base}`;
  expect(name, '--key', wantedKeys === 0 ? 'nenhuma' : '1', keys.length === wantedKeys, keys.length);
  const id = keys[0] ?? '';
  const head = { service: 'PortalAdministrativo', base, operation, id } as const;
  if (operation !== 'create' && operation !== 'update') {
    expect(name, '--val', 'nenhum', values.length === 0, values.length);
    return { ...head, item: operation === 'getall' ? {} : { id } };
  }
  const [nome = '', places = ''] = values;
  if (base !== 'disciplina') {
    const hint = values.length > 1 ? `; ${quotesText('--val', values)}` : '';
    expect(name, '--val', '1 (o nome)', values.length === 1, values.length, hint);
    return { ...head, item: { [ID_FIELDS[base]]: id, nome } };
  }
  const hint = values.length > 2 ? `; ${quotesText('--val', values.slice(0, -1))} VAGAS` : '';
  expect(name, '--val', '2 (o nome e as vagas)', values.length === 2, values.length, hint);
  if (!/^-?\d{1,9}$/.test(places)) throw badSetting('--val', places, 'um número de vagas');
  return { ...head, item: { sigla: id, nome, vagas: Number(places) } };
}

/**
 * The request that the options of `kvs matricula` name.
 * @throws KvsError CONFIGURACAO that says what was expected and what came
 */
export function enrolmentRequestOf(flags: Flags): PortalRequest {
  const operation = oneOf(flags['op'], '--op', ENROLMENT_OPERATIONS);
  const ids = list(flags['val']);
  const [first = '', second = ''] = ids;
  const head = { service: 'PortalMatricula', operation, ids } as const;
  if (operation.startsWith('rel_')) {
    expect(operation, '--val', '1', ids.length === 1, ids.length);
    return { ...head, item: { id: first } };
  }
  const person = operation.endsWith('_prof') ? 'o siape' : 'a matrícula';
  expect(operation, '--val', `2 (a sigla e ${person})`, ids.length === 2, ids.length);
  return { ...head, item: { disciplina: first, idPessoa: second } };
}

function oneOf<T extends string>(given: Flags[string], place: string, choices: readonly T[]): T {
  const texts = list(given);
  const [text] = texts;
  if (text === undefined) throw new KvsError('CONFIGURACAO', `diga ${place}: ${choices.join(', ')}`);
  if (texts.length > 1) throw badSetting(place, texts.join(' '), `um só valor, não ${texts.length}`);
  return parseChoice(text, place, choices);
}
