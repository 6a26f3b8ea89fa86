import { BoundedMap } from '../../../../core/bounded-map.js';
import type { KeyObject } from 'node:crypto';
import type { Origin } from '../../../../core/dot.js';
import { isAuthentic, splitAuthenticated } from './authenticated.js';
import { decrypt, splitEncrypted } from './encrypted.js';
import type { EncryptedParts } from './encrypted.js';
import type { FleetKey } from './fleet-key.js';
import type { KeyRing } from './key-ring.js';
import type { SealHead } from './purpose.js';
import { defaultSealTuning } from './tuning.js';

/** Why a payload was not opened: no seal, a malformed one, an unknown key, or a failed authentication. */
type SealRefusal = 'SEM_SELO' | 'SELO' | 'CHAVE_FROTA' | 'AUTENTICIDADE';

/** Exactly what a holder of a fleet key sealed for the topic where it arrived. It may be a replay. */
export interface Opened {
  readonly head: SealHead;
  readonly body: Buffer;
}

/** Opens what peers have sealed, in either format. */
export class Opener {
  /** Derived keys by fleet key, salt, purpose and origin; the most recently used is last. */
  private readonly derived: BoundedMap<string, KeyObject>;
  private generation = 0;

  constructor(
    private readonly ring: KeyRing,
    keysMax: number = defaultSealTuning.sealKeysKept,
  ) {
    this.derived = new BoundedMap(keysMax);
  }

  /** Number of derived keys in the cache. */
  get keysKept(): number {
    return this.derived.size;
  }

  /** @param from the origin that the topic names as the sender */
  open(topic: string, from: Origin, payload: Buffer): Opened | SealRefusal {
    const encrypted = splitEncrypted(payload);
    if (encrypted === 'bad') return 'SELO';
    if (encrypted !== 'none') return this.decrypt(topic, from, encrypted);
    const parts = splitAuthenticated(payload);
    if (parts === 'none') return 'SEM_SELO';
    if (parts === 'bad') return 'SELO';
    const key = this.ring.find(parts.head.keyId);
    if (!key) return 'CHAVE_FROTA';
    return isAuthentic(key.authentication, topic, parts) ? parts : 'AUTENTICIDADE';
  }

  private decrypt(topic: string, from: Origin, parts: EncryptedParts): Opened | SealRefusal {
    const { head, salt } = parts;
    const fleetKey = this.ring.find(head.keyId);
    if (!fleetKey) return 'CHAVE_FROTA';
    this.forgetReplaced();
    const name = `${head.keyId} ${salt.toString('hex')} ${head.purpose} ${from}`;
    const key = this.derived.get(name) ?? derive(fleetKey, parts, from);
    const body = decrypt(key, topic, parts);
    if (!body) return 'AUTENTICIDADE';
    // Only a key that has opened something is cached: invented salts must not crowd out those of peers.
    this.derived.put(name, key);
    return { head, body };
  }

  private forgetReplaced(): void {
    if (this.generation === this.ring.generation) return;
    this.generation = this.ring.generation;
    this.derived.clear();
  }
}

function derive(key: FleetKey, { head, salt }: EncryptedParts, from: Origin): KeyObject {
  return key.sealing(salt, head.purpose, from);
}

/** Whether a payload is sealed in one of the two formats, for servers without a key. */
export function looksSealed(payload: Buffer): boolean {
  return splitEncrypted(payload) !== 'none' || splitAuthenticated(payload) !== 'none';
}
