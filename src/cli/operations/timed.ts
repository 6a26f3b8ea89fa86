import type { Rpc } from '../../client/call.js';
import { textOf } from '../../client/fields.js';
import { badSetting } from '../../config/settings.js';
import { BEFORE, DATE, KEY, RESULT_COLUMN, VALUE, VERSION } from '../rendering/columns.js';
import { keysText } from '../rendering/rows.js';
import { deletedText, foundText, putText, trimmedText } from '../rendering/texts.js';
import type { TimedName } from '../../config/operation-names.js';
import type { AskedKey, FoundVersion, KeyDoor, KeyOperation, KeyReply } from './operation.js';

const INT64_MAX = 2n ** 63n - 1n;

const DOOR: KeyDoor = {
  ...{ key: 'chave (--chave)', value: 'valor (--valor)', version: 'versão (--versao)', isTimed: true },
  parseVersion: (text) => {
    const version = /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
    if (version !== undefined && version <= INT64_MAX && version >= -INT64_MAX - 1n) return version;
    throw badSetting('--versao', text, `uma versão, em ms desde 1970, um inteiro até ${INT64_MAX}`);
  },
};

const ONE_KEY = { keys: 'one', values: 'none', versions: 'none' } as const;
const KEYS = { keys: 'some', values: 'none', versions: 'none' } as const;
const RANGE = { keys: 'two', values: 'none', versions: 'none' } as const;
const FOUND = { door: DOOR, columns: [KEY, VERSION, DATE, VALUE, RESULT_COLUMN] };
const PUT = { door: DOOR, columns: [KEY, VERSION, DATE, BEFORE, RESULT_COLUMN] };

/** Operations of `KeyValueStore`. */
export const TIMED: Readonly<Record<TimedName, KeyOperation>> = {
  get: {
    ...{
      name: 'get',
      rpc: rpc('Get', false),
      takes: { ...ONE_KEY, versions: 'atMostOne' },
      item: keyRequest,
    },
    ...{ answers: 'one', text: foundText, ...FOUND, done: 'encontrada' },
  },
  getrange: {
    ...{ name: 'getrange', rpc: rpc('GetRange', false), takes: { ...RANGE, versions: 'atMostTwo' } },
    ...{ item: keyRange, answers: 'rows', countText: keysText, ...FOUND, done: 'encontrada' },
  },
  getall: {
    ...{
      name: 'getall',
      rpc: rpc('GetAll', false),
      takes: { ...KEYS, versions: 'perKey' },
      item: keyRequest,
    },
    ...{ answers: 'each', ...FOUND, done: 'encontrada' },
  },
  put: {
    ...{ name: 'put', rpc: { ...rpc('Put', true, readPut), repeatable: true } },
    ...{ takes: { ...ONE_KEY, values: 'one' }, item: keyValue, answers: 'one' },
    ...{ text: putText, ...PUT, done: 'gravada' },
  },
  putall: {
    ...{ name: 'putall', rpc: rpc('PutAll', true, readPut), takes: { ...KEYS, values: 'perKey' } },
    ...{ item: keyValue, answers: 'each', ...PUT, done: 'gravada' },
  },
  del: {
    ...{ name: 'del', rpc: rpc('Del', true), takes: ONE_KEY, item: keyRequest, answers: 'one' },
    ...{ removes: true, text: deletedText, ...FOUND, done: 'removida' },
  },
  delrange: {
    ...{ name: 'delrange', rpc: rpc('DelRange', true), takes: RANGE, item: keyRange, answers: 'rows' },
    ...{ removes: true, countText: keysText, ...FOUND, done: 'removida' },
  },
  delall: {
    ...{ name: 'delall', rpc: rpc('DelAll', true), takes: KEYS, item: keyRequest, answers: 'each' },
    ...{ removes: true, ...FOUND, done: 'removida' },
  },
  trim: {
    ...{ name: 'trim', rpc: rpc('Trim', true), takes: ONE_KEY, item: keyRequest, answers: 'one' },
    ...{ removes: true, text: trimmedText, ...FOUND, done: 'aparada' },
  },
};

function rpc(method: string, writes: boolean, read = readVersion): Rpc<KeyReply> {
  return { file: 'KeyValueStore.proto', service: 'KeyValueStore', method, writes, read };
}

/** `KeyRequest`: the version is a decimal text, since a number does not hold every int64. */
function keyRequest({ key, version }: AskedKey): object {
  return version === undefined ? { key } : { key, ver: version.toString() };
}

function keyRange(first: AskedKey, second: AskedKey): object {
  return { fr: keyRequest(first), to: keyRequest(second) };
}

function keyValue({ key, value }: AskedKey): object {
  return { key, val: value };
}

/** `KeyValueVersionReply`. */
function readVersion(message: object): KeyReply {
  return { key: textOf(message, 'key'), found: versionOf(message, 'val', 'ver'), assigned: 0n };
}

/** `PutReply`. */
function readPut(message: object): KeyReply {
  const found = versionOf(message, 'old_val', 'old_ver');
  return { key: textOf(message, 'key'), found, assigned: BigInt(textOf(message, 'ver')) };
}

/** A value may be empty; a missing entry has version 0. */
function versionOf(message: object, valueField: string, versionField: string): FoundVersion | undefined {
  const version = BigInt(textOf(message, versionField));
  return version === 0n ? undefined : { value: textOf(message, valueField), version };
}
