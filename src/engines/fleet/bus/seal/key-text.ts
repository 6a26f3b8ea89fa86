import { KvsError } from '../../../../core/errors.js';
import { sealLimits } from './limits.js';

/** 32 random bytes have far more distinct values than this: a key with fewer comes from a pattern, or from a person. */
const DIFFERENT_BYTES_MIN = 16;

/**
 * Reads the secrets in a text of one or two words (usually lines), each at least 32 random bytes in hexadecimal or
 * base64. The first one seals, any of them opens.
 * @param place where the text came from, for the message, which never contains the text itself
 * @throws KvsError CONFIGURACAO
 */
export function parseFleetKeys(text: string, place: string): readonly Buffer[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) throw bad(place, 'não há chave nenhuma; crie uma com: kvs chave');
  if (words.length > sealLimits.fleetKeys) {
    throw bad(place, `há ${words.length} chaves; no máximo ${sealLimits.fleetKeys}, uma por linha`);
  }
  const keys = words.map((word, index) => {
    const key = bytesOf(word);
    const fault = faultOf(key);
    if (key === undefined || fault !== undefined) throw bad(place, `a chave ${index + 1} ${fault ?? ''}`);
    return key;
  });
  const [first, second] = keys;
  if (first && second?.equals(first)) throw bad(place, 'as duas chaves são a mesma');
  return keys;
}

/** Why these bytes are not a valid key, in Portuguese. */
function faultOf(key: Buffer | undefined): string | undefined {
  const { fleetKeyBytesMin, fleetKeyBytesMax } = sealLimits;
  if (key === undefined) return 'não é hexadecimal nem base64; crie uma com: kvs chave';
  if (key.length < fleetKeyBytesMin) return `tem ${key.length} bytes; são precisos ${fleetKeyBytesMin}`;
  if (key.length > fleetKeyBytesMax) return `tem ${key.length} bytes; cabem ${fleetKeyBytesMax}`;
  if (new Set(key).size < DIFFERENT_BYTES_MIN)
    return 'é fraca: repete bytes demais para ter sido sorteada; crie uma com: kvs chave';
  return undefined;
}

/**
 * A word that could be either is read as hexadecimal: as base64 it would count as more bytes than it stands for, and a
 * hexadecimal key that lacks a digit would be accepted as a different key.
 */
function bytesOf(word: string): Buffer | undefined {
  if (/^[0-9A-Fa-f]+$/.test(word)) return word.length % 2 === 0 ? Buffer.from(word, 'hex') : undefined;
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(word) || /^[A-Za-z0-9_-]+={0,2}$/.test(word)) {
    return Buffer.from(word, 'base64');
  }
  return undefined;
}

function bad(place: string, why: string): KvsError {
  return new KvsError('CONFIGURACAO', `${place}: ${why}`);
}
