import type { Sent } from '../../client/call.js';
import { onlyText } from '../../config/parse.js';
import { badSetting } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { KvsError } from '../../core/errors.js';
import { flagTexts } from '../flags.js';
import { COUNTED_OPERATIONS } from '../../config/operation-names.js';
import type { CountedName } from '../../config/operation-names.js';
import type { AskedKey, KeyOperation, Takes } from './operation.js';

/** One operation on keys, with its arguments. */
export interface OperationRequest {
  readonly operation: KeyOperation;
  /** The item of each answer; for rows, the bounds. At least one. */
  readonly asked: readonly AskedKey[];
  /** What is inserted expires after this; absent: never. */
  readonly ttlSeconds?: number | undefined;
}

const QUOTES = '; um valor com espaços vai entre aspas';

/**
 * The request from an operation and the options of `kvs cliente`.
 * @throws KvsError CONFIGURACAO that says what was expected and what was given
 */
export function keyRequestOf(operation: KeyOperation, flags: Flags): OperationRequest {
  const { name, door, takes } = operation;
  const keys = flagTexts(flags['chave']);
  const values = flagTexts(flags['valor']);
  const versions = flagTexts(flags['ver']).map(door.parseVersion);
  const [wantedKeys, fitKeys] = KEYS_TAKEN[takes.keys](keys.length);
  expect(name, door.key, wantedKeys, fitKeys, keys.length);
  const [wantedValues, fitValues] = VALUES_TAKEN[takes.values](values.length, keys.length);
  const hint = door.isTimed ? valuesHint(takes, keys, values) : '';
  expect(name, door.value, wantedValues, fitValues, values.length, hint);
  const [wantedVersions, fitVersions] = VERSIONS_TAKEN[takes.versions](versions.length, keys.length);
  expect(name, door.version, wantedVersions, fitVersions, versions.length);
  // An operation without keys may still take a version.
  const asked = (takes.keys === 'none' ? [''] : keys).map((key, index) => {
    return { key, value: values[index] ?? '', version: versions[index] };
  });
  return { operation, asked };
}

/** The operation that `-o` names. @throws KvsError CONFIGURACAO */
export function countedOperationOf({ operacao: given }: Flags): CountedName {
  const known = COUNTED_OPERATIONS.join(', ');
  if (given === undefined)
    throw new KvsError('CONFIGURACAO', `diga a operação com -o: ${known}; ou get, put, del, … sem -o`);
  const text = onlyText({ texts: flagTexts(given), place: '-o' });
  const operation = COUNTED_OPERATIONS.find((name) => name === text);
  if (operation === undefined) throw badSetting('-o', text, `uma destas: ${known}`);
  return operation;
}

/** Whether an operation inserts, so that what it writes may expire. */
export function isInsertion({ takes }: KeyOperation): boolean {
  return takes.values !== 'none';
}

/** The error of `--ttl` with an operation that inserts nothing. */
export function notAnInsertion(operation: string): KvsError {
  return new KvsError(
    'CONFIGURACAO',
    `--ttl diz quando expira o que é inserido (insere, insere-v, put, putall): ${operation} não insere`,
  );
}

/** The messages of a request. */
export function sentOf({ operation: { answers, item }, asked, ttlSeconds }: OperationRequest): Sent {
  const [first = NOTHING, second = NOTHING] = asked;
  return answers === 'each'
    ? { items: asked.map((one) => item(one, NOTHING)), ttlSeconds }
    : { item: item(first, second), ttlSeconds };
}

const NOTHING: AskedKey = { key: '', value: '', version: undefined };

/** What is expected, for people, and whether the given number fits. */
type Fit = readonly [wanted: string, fits: boolean];

const KEYS_TAKEN: Readonly<Record<Takes['keys'], (count: number) => Fit>> = {
  none: (count) => ['nenhuma', count === 0],
  one: (count) => ['1', count === 1],
  two: (count) => ['2 (a primeira e a última)', count === 2],
  some: (count) => ['pelo menos 1', count > 0],
};

const VALUES_TAKEN: Readonly<Record<Takes['values'], (count: number, keys: number) => Fit>> = {
  none: (count) => ['nenhum', count === 0],
  one: (count) => ['1', count === 1],
  perKey: (count, keys) => [`${keys}, um por chave`, count === keys],
};

const VERSIONS_TAKEN: Readonly<Record<Takes['versions'], (count: number, keys: number) => Fit>> = {
  none: (count) => ['nenhuma', count === 0],
  atMostOne: (count) => ['no máximo 1', count <= 1],
  atMostTwo: (count) => ['no máximo 2 (vale a maior)', count <= 2],
  perKey: (count, keys) => [`nenhuma, ou ${keys}, uma por chave`, count === 0 || count === keys],
};

/** A hint: too many values are mostly one value with spaces. */
function valuesHint({ values: taken }: Takes, keys: readonly string[], values: readonly string[]): string {
  if (taken === 'one' && values.length > 1) return `${QUOTES}: --valor "${values.join(' ')}"`;
  return taken === 'perKey' && values.length > keys.length ? QUOTES : '';
}

/** @throws KvsError CONFIGURACAO that says what was expected and what was given, unless it holds */
export function expect(
  operation: string,
  what: string,
  wanted: string,
  holds: boolean,
  came: number,
  hint = '',
): void {
  if (holds) return;
  throw new KvsError('CONFIGURACAO', `${operation}: ${what}: esperado ${wanted}, recebido ${came}${hint}`);
}
