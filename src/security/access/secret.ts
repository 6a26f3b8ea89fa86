import { randomBytes, scrypt } from 'node:crypto';
import { accessLimits } from './limits.js';

/** Cost of the slow hash, the same for a whole file, so that a guess costs as much for any name. See RFC 7914. */
export interface HashCost {
  /** A power of two. */
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** 32 MiB, some 80 ms: secrets are random, so the hash is only the second line of defence. */
export const DEFAULT_COST: HashCost = Object.freeze({ n: 2 ** 15, r: 8, p: 1 });

const SECRET_BYTES = 32;
export const SALT_BYTES = 16;
export const HASH_BYTES = 32;

/** Memory of one hash, in bytes. */
function hashMemory({ n, r }: HashCost): number {
  return 128 * n * r;
}

/** Whether a cost is valid for scrypt, slow enough and not excessive. */
export function isCost({ n, r, p }: HashCost): boolean {
  if (![n, r, p].every((value) => Number.isSafeInteger(value) && value > 0)) return false;
  const bytes = hashMemory({ n, r, p });
  return (
    Number.isInteger(Math.log2(n)) &&
    bytes >= accessLimits.hashBytesMin &&
    bytes <= accessLimits.hashBytes &&
    p <= accessLimits.hashPasses
  );
}

/** 256 random bits as 43 characters. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

export function newSalt(): Buffer {
  return randomBytes(SALT_BYTES);
}

/** The slow hash of a secret, computed on another thread. */
export function slowHash(secret: string, salt: Buffer, { n, r, p }: HashCost): Promise<Buffer> {
  // The library counts a little more than the algorithm's own memory.
  const options = { N: n, r, p, maxmem: 2 * hashMemory({ n, r, p }) };
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, HASH_BYTES, options, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}
