import { badSetting } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import type { TimedName } from '../operations/names.js';
import { expect, list } from '../request.js';

/** `KeyRequest` of the door. `ver` is a decimal text, since a number does not hold every int64; absent: none named. */
export interface KeyRequest {
  readonly key: string;
  readonly ver?: string;
}

export interface KeyValue {
  readonly key: string;
  readonly val: string;
}

/** One request to a server, in the field names of the door. */
export type Request =
  | { readonly operation: 'get'; readonly item: KeyRequest }
  | { readonly operation: 'put'; readonly item: KeyValue }
  | { readonly operation: 'getall'; readonly items: readonly KeyRequest[] }
  | { readonly operation: 'putall'; readonly items: readonly KeyValue[] }
  | { readonly operation: 'getrange'; readonly item: KeyRange }
  | Removal;

export type Removal =
  | { readonly operation: 'del' | 'trim'; readonly item: KeyRequest }
  | { readonly operation: 'delall'; readonly items: readonly KeyRequest[] }
  | { readonly operation: 'delrange'; readonly item: KeyRange };

export interface KeyRange {
  readonly fr: KeyRequest;
  readonly to: KeyRequest;
}

const INT64_MAX = 2n ** 63n - 1n;

/**
 * The request that an operation and the options of `kvs cliente` name.
 * @throws KvsError CONFIGURACAO that says what was expected and what came
 */
export function requestOf(operation: TimedName, flags: Flags): Request {
  const keys = list(flags['chave']);
  const values = list(flags['valor']);
  const versions = list(flags['ver']).map(parseVersion);
  const counts = { operation, keys: keys.length, values: values.length, versions: versions.length };
  const [first = '', second = ''] = keys;
  switch (operation) {
    case 'get':
      expectKeys(counts, 1);
      expectNoValues(counts);
      expect(operation, VERSION, 'no máximo 1', versions.length <= 1, versions.length);
      return { operation, item: keyRequest(first, versions[0]) };
    case 'getrange':
      expectRange(counts);
      expect(operation, VERSION, 'no máximo 2 (vale a maior)', versions.length <= 2, versions.length);
      return {
        operation,
        item: { fr: keyRequest(first, versions[0]), to: keyRequest(second, versions[1]) },
      };
    case 'getall': {
      expectSomeKeys(counts);
      expectNoValues(counts);
      const fits = versions.length === 0 || versions.length === keys.length;
      expect(operation, VERSION, `nenhuma, ou ${keys.length}, uma por chave`, fits, versions.length);
      return { operation, items: keys.map((key, index) => keyRequest(key, versions[index])) };
    }
    case 'put':
      expectKeys(counts, 1);
      expect(operation, VALUE, '1', values.length === 1, values.length, quotesHint(values));
      expectNoVersions(counts);
      return { operation, item: { key: first, val: values[0] ?? '' } };
    case 'putall': {
      expectSomeKeys(counts);
      const fits = values.length === keys.length;
      const hint = values.length > keys.length ? QUOTES : '';
      expect(operation, VALUE, `${keys.length}, um por chave`, fits, values.length, hint);
      expectNoVersions(counts);
      return { operation, items: keys.map((key, index) => ({ key, val: values[index] ?? '' })) };
    }
    case 'del':
    case 'trim':
      expectKeys(counts, 1);
      expectNoValues(counts);
      expectNoVersions(counts);
      return { operation, item: { key: first } };
    case 'delrange':
      expectRange(counts);
      expectNoVersions(counts);
      return { operation, item: { fr: { key: first }, to: { key: second } } };
    case 'delall':
      expectSomeKeys(counts);
      expectNoValues(counts);
      expectNoVersions(counts);
      return { operation, items: keys.map((key) => ({ key })) };
  }
}

/** The version that the answer of this index was asked for; `undefined` if none was named. */
export function askedVersion(request: Request, index: number): bigint | undefined {
  switch (request.operation) {
    case 'get':
      return named(request.item);
    case 'getall':
      return named(request.items[index]);
    case 'getrange': {
      const from = named(request.item.fr);
      const to = named(request.item.to);
      return from === undefined || (to !== undefined && to > from) ? to : from;
    }
    default:
      return undefined;
  }
}

interface Counts {
  readonly operation: TimedName;
  readonly keys: number;
  readonly values: number;
  readonly versions: number;
}

const KEY = 'chave (--chave)';
const VALUE = 'valor (--valor)';
const VERSION = 'versão (--versao)';

const QUOTES = '; um valor com espaços vai entre aspas';

/** Several values where there should be one are mostly one with spaces. */
function quotesHint(values: readonly string[]): string {
  return values.length > 1 ? `${QUOTES}: --valor "${values.join(' ')}"` : '';
}

function expectKeys({ operation, keys }: Counts, wanted: number): void {
  expect(operation, KEY, String(wanted), keys === wanted, keys);
}

function expectSomeKeys({ operation, keys }: Counts): void {
  expect(operation, KEY, 'pelo menos 1', keys > 0, keys);
}

function expectRange(counts: Counts): void {
  const { operation, keys } = counts;
  expect(operation, KEY, '2 (a primeira e a última)', keys === 2, keys);
  expectNoValues(counts);
}

function expectNoValues({ operation, values }: Counts): void {
  expect(operation, VALUE, 'nenhum', values === 0, values);
}

function expectNoVersions({ operation, versions }: Counts): void {
  expect(operation, VERSION, 'nenhuma', versions === 0, versions);
}

function keyRequest(key: string, ver: string | undefined): KeyRequest {
  return ver === undefined ? { key } : { key, ver };
}

function parseVersion(text: string): string {
  const version = /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
  if (version === undefined || version > INT64_MAX || version < -INT64_MAX - 1n) {
    throw badSetting('--versao', text, `uma versão, em ms desde 1970, um inteiro até ${INT64_MAX}`);
  }
  return version.toString();
}

function named(request: KeyRequest | undefined): bigint | undefined {
  const version = BigInt(request?.ver ?? '0');
  return version > 0n ? version : undefined;
}
