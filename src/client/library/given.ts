/** What a program gave, where its types did not hold it: it may be in plain JavaScript. */
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type {
  KvsGetOptions,
  KvsListOptions,
  KvsOptions,
  KvsPutOptions,
  KvsTls,
  KvsWatchOptions,
} from './public.js';

type CallOption = keyof (KvsGetOptions & KvsListOptions & KvsPutOptions & KvsWatchOptions);

/** One set for all calls: the same options may be given to several of them. */
const CALL_OPTIONS: Record<CallOption, true> = {
  ...{ after: true, at: true, back: true, confirmations: true, from: true, key: true, keysOnly: true },
  ...{
    limit: true,
    lost: true,
    prefix: true,
    signal: true,
    timeoutMs: true,
    to: true,
    ttlSeconds: true,
    version: true,
  },
};
const CLIENT_OPTIONS: Record<keyof KvsOptions, true> = {
  ...{ confirmations: true, discover: true, servers: true, session: true },
  ...{ timeoutMs: true, tls: true, token: true },
};
const TLS_OPTIONS: Record<keyof KvsTls, true> = { ca: true, certificate: true, key: true, name: true };

/**
 * A key or a value. Sent as it is, what is none would become another text, or the empty one.
 * @throws KvsError PEDIDO_INVALIDO
 */
export function givenText(name: string, given: unknown): string {
  if (typeof given === 'string') return given;
  throw new KvsError('PEDIDO_INVALIDO', `${name}: esperado um texto (string), e não ${kindOf(given)}`);
}

/**
 * A text that may be left out.
 * @throws KvsError PEDIDO_INVALIDO
 */
export function optionalText(name: string, given: unknown): string {
  return given === undefined ? '' : givenText(name, given);
}

/** @throws KvsError CONFIGURACAO */
export function givenSeconds(given: unknown): number {
  if (given === undefined) return 0;
  if (typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= limits.ttlSeconds) {
    return given;
  }
  const shown = typeof given === 'number' ? given : kindOf(given);
  throw unusable(`ttlSeconds: esperado um inteiro de segundos, de 0 a ${limits.ttlSeconds}, e não ${shown}`);
}

/** @throws KvsError CONFIGURACAO for an option that no call has */
export function assertCallOptions(given: unknown): void {
  assertNames('', given, CALL_OPTIONS);
}

/** @throws KvsError CONFIGURACAO for an option that there is not */
export function assertClientOptions(given: KvsOptions): void {
  assertNames('', given, CLIENT_OPTIONS);
  if (typeof given.tls === 'object') assertNames('tls.', given.tls, TLS_OPTIONS);
}

function assertNames(before: string, given: unknown, known: Readonly<Record<string, true>>): void {
  if (typeof given !== 'object' || given === null) {
    throw unusable(`opções: esperado um objeto, como { timeoutMs: 5000 }, e não ${kindOf(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw unusable(`${before}${unknown}: opção desconhecida; há ${Object.keys(known).sort().join(', ')}`);
}

function kindOf(given: unknown): string {
  return given === null ? 'null' : typeof given;
}

function unusable(message: string): KvsError {
  return new KvsError('CONFIGURACAO', message);
}
