import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { lengthPrefixed } from './framing.js';
import { PURPOSES } from './purpose.js';
import type { SealHead } from './purpose.js';

/*
 * The sealed envelope, AES-256-GCM (NIST SP 800-38D), numbers big endian:
 *
 *     0   4  "kvs" and the format, 1     no JSON begins like this
 *     4   1  purpose: 1 batch, 2 control, 3 will
 *     5   8  key id
 *    13  16  salt of the sender's incarnation
 *    29   4  connection
 *    33   8  counter; the nonce is four zero bytes and this
 *    41   …  ciphertext, as long as the JSON
 *     …  16  tag
 *
 * Associated data: the topic, prefixed with its length, and the 41 bytes before the ciphertext.
 */

const CIPHER = 'aes-256-gcm';
const MARK = Buffer.from([0x6b, 0x76, 0x73, 0x01]);
const KEY_ID_AT = 5;
const SALT_AT = 13;
const CONNECTION_AT = 29;
const COUNTER_AT = 33;
const BODY_AT = 41;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Size of an incarnation's salt, in bytes. */
export const KEY_SALT_BYTES = CONNECTION_AT - SALT_AT;

/** A parsed payload, not yet authenticated. */
export interface EncryptedParts {
  readonly head: SealHead;
  readonly salt: Buffer;
  /** The whole payload. */
  readonly payload: Buffer;
}

/** Seals a body. A key must never be used twice with the same counter. */
export function encrypt(key: KeyObject, topic: string, head: SealHead, salt: Buffer, body: Buffer): Buffer {
  const payload = Buffer.allocUnsafe(BODY_AT + body.length + TAG_BYTES);
  MARK.copy(payload);
  payload.writeUInt8(PURPOSES.indexOf(head.purpose) + 1, MARK.length);
  payload.write(head.keyId, KEY_ID_AT, 'hex');
  salt.copy(payload, SALT_AT);
  payload.writeUInt32BE(head.connection, CONNECTION_AT);
  payload.writeBigUInt64BE(BigInt(head.counter), COUNTER_AT);
  const cipher = createCipheriv(CIPHER, key, nonceOf(payload), { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(topic, payload));
  cipher.update(body).copy(payload, BODY_AT);
  cipher.final();
  cipher.getAuthTag().copy(payload, BODY_AT + body.length);
  return payload;
}

/** Parses a payload. @returns `'none'` if it is not in this format, `'bad'` if its header is malformed */
export function splitEncrypted(payload: Buffer): EncryptedParts | 'none' | 'bad' {
  if (payload.length < MARK.length || MARK.compare(payload, 0, MARK.length - 1, 0, MARK.length - 1) !== 0)
    return 'none';
  if (payload.length < BODY_AT + TAG_BYTES || payload[MARK.length - 1] !== MARK[MARK.length - 1])
    return 'bad';
  const purpose = PURPOSES[payload.readUInt8(MARK.length) - 1];
  const keyId = payload.toString('hex', KEY_ID_AT, SALT_AT);
  const connection = payload.readUInt32BE(CONNECTION_AT);
  const counter = Number(payload.readBigUInt64BE(COUNTER_AT));
  if (!purpose || connection === 0 || counter === 0 || !Number.isSafeInteger(counter)) return 'bad';
  const salt = payload.subarray(SALT_AT, CONNECTION_AT);
  return { head: { purpose, keyId, connection, counter }, salt, payload };
}

/** The body, if a holder of the key published exactly this on this topic; otherwise `undefined`. */
export function decrypt(key: KeyObject, topic: string, { payload }: EncryptedParts): Buffer | undefined {
  const decipher = createDecipheriv(CIPHER, key, nonceOf(payload), { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(topic, payload));
  decipher.setAuthTag(payload.subarray(payload.length - TAG_BYTES));
  const body = decipher.update(payload.subarray(BODY_AT, payload.length - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return body;
}

function nonceOf(payload: Buffer): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  payload.copy(nonce, NONCE_BYTES - (BODY_AT - COUNTER_AT), COUNTER_AT, BODY_AT);
  return nonce;
}

function associatedData(topic: string, payload: Buffer): Buffer {
  return Buffer.concat([lengthPrefixed([topic]), payload.subarray(0, BODY_AT)]);
}
