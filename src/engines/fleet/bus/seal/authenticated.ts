import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { lengthPrefixed } from './framing.js';
import { CONNECTION_MAX, PURPOSES, PURPOSE_WORDS } from './purpose.js';
import type { Purpose, SealHead } from './purpose.js';

/*
 * The readable envelope: the JSON as it would be without a key, a line feed, and one more line. A person can read it in
 * mosquitto_sub. JSON on one line never contains a line feed.
 */

const MARK = 'kvs-selo/';
const FORMAT = 1;
const LINE_FEED = 0x0a;
/** A longer last line is not one of ours. */
const LINE_CHARS_MAX = 200;
const LINE =
  /^(kvs-selo\/1 (\w+) chave=([0-9a-f]{16}) conexao=([1-9]\d{0,9}) contador=([1-9]\d{0,15})) mac=([A-Za-z0-9_-]{43})$/;
const PURPOSE_OF = new Map<string, Purpose>(PURPOSES.map((purpose) => [PURPOSE_WORDS[purpose], purpose]));

/** A parsed payload, not yet authenticated. */
interface AuthenticatedParts {
  readonly head: SealHead;
  readonly body: Buffer;
  /** The line up to the MAC, as it was received. */
  readonly signed: string;
  readonly mac: string;
}

/** Appends the line that authenticates the body on this topic. */
export function authenticate(key: KeyObject, topic: string, head: SealHead, body: Buffer): Buffer {
  const { keyId, connection, counter } = head;
  const word = PURPOSE_WORDS[head.purpose];
  const signed = `${MARK}${FORMAT} ${word} chave=${keyId} conexao=${connection} contador=${counter}`;
  const line = `\n${signed} mac=${macOf(key, topic, signed, body)}`;
  const payload = Buffer.allocUnsafe(body.length + line.length);
  body.copy(payload);
  payload.write(line, body.length, 'latin1');
  return payload;
}

/** Parses a payload. @returns `'none'` if it has no such line, `'bad'` if the line is malformed */
export function splitAuthenticated(payload: Buffer): AuthenticatedParts | 'none' | 'bad' {
  const at = payload.lastIndexOf(LINE_FEED);
  if (at < 0 || payload.length - at > LINE_CHARS_MAX) return 'none';
  const line = payload.toString('latin1', at + 1);
  if (!line.startsWith(MARK)) return 'none';
  const [, signed, word, keyId, connectionText, counterText, mac] = LINE.exec(line) ?? [];
  const purpose = PURPOSE_OF.get(word ?? '');
  if (signed === undefined || keyId === undefined || mac === undefined || !purpose) return 'bad';
  const [connection, counter] = [Number(connectionText), Number(counterText)];
  if (connection > CONNECTION_MAX || !Number.isSafeInteger(counter)) return 'bad';
  return { head: { purpose, keyId, connection, counter }, body: payload.subarray(0, at), signed, mac };
}

/** Whether a holder of the key published exactly this on this topic. MACs are compared in constant time. */
export function isAuthentic(key: KeyObject, topic: string, parts: AuthenticatedParts): boolean {
  const expected = macOf(key, topic, parts.signed, parts.body);
  // Compared as text: base64 of 256 bits leaves two bits unused, so four spellings decode alike and only one is ours.
  return timingSafeEqual(Buffer.from(expected, 'latin1'), Buffer.from(parts.mac, 'latin1'));
}

function macOf(key: KeyObject, topic: string, signed: string, body: Buffer): string {
  return createHmac('sha256', key)
    .update(lengthPrefixed([topic, signed]))
    .update(body)
    .digest('base64url');
}
