import { createHash, randomBytes } from 'node:crypto';
import { KeyRing } from '../../../../src/engines/fleet/bus/seal/key-ring.js';
import type { SealOptions } from '../../../../src/engines/fleet/bus/seal/sealer.js';
import { KEY_SALT_BYTES } from '../../../../src/engines/fleet/bus/seal/encrypted.js';

/** A key that is the same in every run. */
export function testKey(name: string): Buffer {
  return createHash('sha256').update(`chave de teste ${name}`).digest();
}

/** A salt that is the same in every run. */
export function testSalt(name: string): Buffer {
  return createHash('sha256').update(`sal de teste ${name}`).digest().subarray(0, KEY_SALT_BYTES);
}

export type Mode = 'readable' | 'encrypted';
export const MODES: readonly Mode[] = ['readable', 'encrypted'];

/** What a new incarnation seals with. */
export function sealWith(ring: KeyRing, mode: Mode): SealOptions {
  return { ring, encrypts: mode === 'encrypted', drawBytes: (count) => randomBytes(count) };
}

/** The same with a ring of its own. */
export function sealOptions(mode: Mode, fleet = 'frota', ...keys: readonly string[]): SealOptions {
  const names = keys.length === 0 ? ['a'] : keys;
  return sealWith(new KeyRing(fleet, names.map(testKey)), mode);
}
