/** Checks on requests before the engine sees them. Pure. */
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { KeyRequest, KeyValueRequest } from './wire/messages.js';

/**
 * The key of a request, checked for UTF-8, then for its least length, then for its greatest.
 * @param minimumChars fewest characters (code points)
 * @throws KvsError CHAVE_INVALIDA, CHAVE_CURTA, CHAVE_LONGA
 */
export function checkedKey(request: KeyRequest, minimumChars: number): string {
  const { key } = request;
  if (key === undefined) throw new KvsError('CHAVE_INVALIDA', 'a chave não é UTF-8 válido');
  if (isShorter(key, minimumChars)) throw shortKey(minimumChars);
  if (request.keyBytes > limits.keyBytes) {
    throw new KvsError('CHAVE_LONGA', `a chave passa de ${String(limits.keyBytes)} bytes`);
  }
  return key;
}

/**
 * The value of a request, checked as the key is.
 * @param minimumChars fewest characters (code points)
 * @throws KvsError VALOR_INVALIDO, VALOR_CURTO, VALOR_LONGO
 */
export function checkedValue(request: KeyValueRequest, minimumChars: number): string {
  const { value } = request;
  if (value === undefined) throw new KvsError('VALOR_INVALIDO', 'o valor não é UTF-8 válido');
  if (isShorter(value, minimumChars)) {
    throw new KvsError('VALOR_CURTO', `o valor precisa de pelo menos ${String(minimumChars)} caracteres`);
  }
  if (request.valueBytes > limits.valueBytes) {
    throw new KvsError('VALOR_LONGO', `o valor passa de ${String(limits.valueBytes)} bytes`);
  }
  return value;
}

/** The version that a request names; `undefined` if it is absent, 0 or negative. */
export function namedVersion(version: number): number | undefined {
  return version > 0 ? version : undefined;
}

/** The error for a key that has fewer characters than `minimumChars`. */
export function shortKey(minimumChars: number): KvsError {
  return new KvsError('CHAVE_CURTA', `a chave precisa de pelo menos ${String(minimumChars)} caracteres`);
}

/** Whether text has fewer than `minimum` code points, looking at no more of it than needed. */
export function isShorter(text: string, minimum: number): boolean {
  if (text.length < minimum) return true;
  if (text.length >= 2 * minimum) return false;
  let chars = 0;
  for (let i = 0; i < text.length; i += (text.codePointAt(i) ?? 0) > 0xffff ? 2 : 1) chars++;
  return chars < minimum;
}
