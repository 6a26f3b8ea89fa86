import type { KeyObject } from 'node:crypto';
import type { Origin } from '../../../../core/dot.js';
import { authenticate } from './authenticated.js';
import { encrypt, KEY_SALT_BYTES } from './encrypted.js';
import type { FleetKey } from './fleet-key.js';
import type { KeyRing } from './key-ring.js';
import type { Purpose } from './purpose.js';
import type { SealTuning } from './tuning.js';

/** How a server seals what it publishes. */
export interface SealOptions {
  readonly ring: KeyRing;
  /** Whether payloads are encrypted, or readable and authenticated. Both are accepted from peers. */
  readonly encrypts: boolean;
  /** Draws `count` bytes from a cryptographic random generator. */
  readonly drawBytes: (count: number) => Buffer;
  readonly tuning?: SealTuning | undefined;
}

/** Seals what one incarnation publishes. Counters survive key changes, so no nonce is ever reused with a key. */
export class Sealer {
  private readonly counters = { batch: 0, control: 0 };
  /** Unique to this incarnation, so its counters can begin at 1. */
  private readonly salt: Buffer;
  private derived: { readonly from: FleetKey; readonly keys: Map<Purpose, KeyObject> } | undefined;

  constructor(
    private readonly origin: Origin,
    private readonly options: SealOptions,
  ) {
    this.salt = options.drawBytes(KEY_SALT_BYTES);
  }

  /** @param connection number of the current connection */
  seal(topic: string, purpose: 'batch' | 'control', connection: number, body: Buffer): Buffer {
    return this.close(topic, purpose, connection, ++this.counters[purpose], body);
  }

  /** Seals the will of one connection. Must be called only once for each connection number. */
  sealWill(topic: string, connection: number, body: Buffer): Buffer {
    return this.close(topic, 'will', connection, connection, body);
  }

  private close(topic: string, purpose: Purpose, connection: number, counter: number, body: Buffer): Buffer {
    const { ring, encrypts } = this.options;
    const key = ring.sealing;
    const head = { purpose, keyId: key.id, connection, counter };
    return encrypts
      ? encrypt(this.keyFor(key, purpose), topic, head, this.salt, body)
      : authenticate(key.authentication, topic, head, body);
  }

  private keyFor(from: FleetKey, purpose: Purpose): KeyObject {
    if (this.derived?.from !== from) this.derived = { from, keys: new Map() };
    const { keys } = this.derived;
    const known = keys.get(purpose);
    if (known) return known;
    const key = from.sealing(this.salt, purpose, this.origin);
    keys.set(purpose, key);
    return key;
  }
}
