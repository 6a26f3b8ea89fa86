import type { Rpc } from '../../client/call.js';
import { numberOf, textOf } from '../../client/fields.js';
import { badSetting } from '../../config/settings.js';
import { limits } from '../../core/limits.js';
import { KEY, padded, RESULT_COLUMN, VALUE, VERSION } from '../rendering/columns.js';
import { keysText } from '../rendering/rows.js';
import { foundText, insertedText, removedText } from '../rendering/texts.js';
import type { CountedName } from '../../config/operation-names.js';
import type { AskedKey, KeyDoor, KeyOperation, KeyReply } from './operation.js';

const DOOR: KeyDoor = {
  ...{ key: 'chave (-k)', value: 'valor (-v)', version: 'versão (-e)', isTimed: false },
  parseVersion: (text) => {
    const version = Number(text);
    if (/^[+-]?\d{1,10}$/.test(text) && version <= limits.version && version >= -limits.version - 1) {
      return BigInt(version);
    }
    throw badSetting('-e', text, `uma versão, um inteiro até ${limits.version}`);
  },
};

const ONE_VALUE = { keys: 'one', values: 'one', versions: 'none' } as const;
const ONE_KEY = { keys: 'one', values: 'none', versions: 'atMostOne' } as const;
const VALUES = { keys: 'some', values: 'perKey', versions: 'none' } as const;
const KEYS = { keys: 'some', values: 'none', versions: 'perKey' } as const;

/** Operations of `kvs.KVS`. */
export const COUNTED: Readonly<Record<CountedName, KeyOperation>> = {
  insere: {
    ...{ name: 'insere', door: DOOR, rpc: { ...rpc('Insere', true, versao), repeatable: true } },
    ...{ takes: ONE_VALUE, item: keyValue, answers: 'one', blank: 'refused' },
    ...{ text: insertedText, columns: [KEY, VERSION, RESULT_COLUMN], done: 'inserida' },
  },
  consulta: {
    ...{ name: 'consulta', door: DOOR, rpc: rpc('Consulta', false, tupla) },
    ...{ takes: ONE_KEY, item: keyVersion, answers: 'one' },
    ...{ text: foundText, columns: [KEY, VERSION, VALUE, RESULT_COLUMN], done: 'encontrada' },
  },
  remove: {
    ...{ name: 'remove', door: DOOR, rpc: rpc('Remove', true, versao) },
    ...{ takes: ONE_KEY, item: keyVersion, answers: 'one', removes: true },
    ...{ text: removedText, columns: [KEY, VERSION, RESULT_COLUMN], done: 'removida' },
  },
  'insere-v': {
    ...{ name: 'insere-v', door: DOOR, rpc: rpc('InsereVarias', true, versao) },
    ...{ takes: VALUES, item: keyValue, answers: 'each', blank: 'refused' },
    ...{ columns: [KEY, VERSION, RESULT_COLUMN], done: 'inserida' },
  },
  'consulta-v': {
    ...{ name: 'consulta-v', door: DOOR, rpc: rpc('ConsultaVarias', false, tupla) },
    ...{ takes: KEYS, item: keyVersionOr0, answers: 'each' },
    ...{ columns: [KEY, VERSION, VALUE, RESULT_COLUMN], done: 'encontrada' },
  },
  'remove-v': {
    ...{ name: 'remove-v', door: DOOR, rpc: rpc('RemoveVarias', true, versao) },
    ...{ takes: KEYS, item: keyVersionOr0, answers: 'each', removes: true },
    ...{ columns: [KEY, VERSION, RESULT_COLUMN], done: 'removida' },
  },
  snapshot: {
    ...{ name: 'snapshot', door: DOOR, rpc: rpc('Snapshot', false, row) },
    takes: { keys: 'none', values: 'none', versions: 'atMostOne' },
    ...{ item: ({ version = 0n }) => ({ versao: Number(version) }), answers: 'rows', blank: 'skipped' },
    ...{ columns: [KEY, padded(VERSION), VALUE], countText: keysText, done: '' },
  },
};

function rpc(method: string, writes: boolean, read: (message: object) => KeyReply): Rpc<KeyReply> {
  return { file: 'kvs.proto', service: 'kvs.KVS', method, writes, read };
}

function keyValue({ key, value }: AskedKey): object {
  return { chave: key, valor: value };
}

function keyVersion({ key, version }: AskedKey): object {
  return version === undefined ? { chave: key } : { chave: key, versao: Number(version) };
}

function keyVersionOr0({ key, version = 0n }: AskedKey): object {
  return { chave: key, versao: Number(version) };
}

/** `Versao`: negative if nothing was done, 0 if all versions were removed. */
function versao(message: object): KeyReply {
  const version = numberOf(message, 'versao');
  const found = version < 0 ? undefined : { value: undefined, version: BigInt(version) };
  return { key: undefined, found, assigned: 0n };
}

/** `Tupla`, with version 0 if nothing was found. */
function tupla(message: object): KeyReply {
  const version = numberOf(message, 'versao');
  const found = version <= 0 ? undefined : { value: textOf(message, 'valor'), version: BigInt(version) };
  return { key: undefined, found, assigned: 0n };
}

/** `Tupla` of a snapshot, with its key. */
function row(message: object): KeyReply {
  return { ...tupla(message), key: textOf(message, 'chave') };
}
