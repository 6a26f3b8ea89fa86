import { createSecretKey, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Origin } from '../../../../core/dot.js';
import { lengthPrefixed } from './framing.js';
import { PURPOSE_WORDS } from './purpose.js';
import type { Purpose } from './purpose.js';

/** Prefix of every derivation, so that another format derives other keys. */
const DOMAIN = 'kvs-frota/1';
const KEY_BYTES = 32;
const ID_BYTES = 8;
const NO_SALT = Buffer.alloc(0);

/**
 * A secret of a fleet, and the keys derived from it by HKDF-SHA256 (RFC 5869). Every derivation names the format, the
 * fleet and the use, so no key serves two fleets or two uses, even where fleets share a secret.
 */
export class FleetKey {
  /** 16 hexadecimal digits. */
  readonly id: string;
  /** For HMAC-SHA256 over messages that stay readable. */
  readonly authentication: KeyObject;
  private readonly secret: KeyObject;

  /**
   * @param secret random bytes, at least `limits.fleetKeyBytesMin`
   * @param fleet name of the fleet
   */
  constructor(
    secret: Buffer,
    private readonly fleet: string,
  ) {
    this.secret = createSecretKey(secret);
    this.id = this.derive(NO_SALT, ['identifica'], ID_BYTES).toString('hex');
    this.authentication = createSecretKey(this.derive(NO_SALT, ['autentica'], KEY_BYTES));
  }

  /**
   * The AES-256 key of one incarnation for one purpose. The salt is 128 random bits drawn at the incarnation's start,
   * so two incarnations never derive the same key, and counters can serve as nonces despite restarts and restores.
   * @param salt salt of the incarnation
   */
  sealing(salt: Buffer, purpose: Purpose, origin: Origin): KeyObject {
    return createSecretKey(this.derive(salt, ['cifra', PURPOSE_WORDS[purpose], origin], KEY_BYTES));
  }

  private derive(salt: Buffer, use: readonly string[], bytes: number): Buffer {
    const info = lengthPrefixed([DOMAIN, this.fleet, ...use]);
    return Buffer.from(hkdfSync('sha256', this.secret, salt, info, bytes));
  }
}
