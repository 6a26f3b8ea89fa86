/** The messages of `kvstore.KvStore`, by hand (see wire/reader.ts). */
import type { Head } from '../../../ports/engine.js';
import type { KeyRequest } from '../wire/messages.js';
import { Reader } from '../wire/reader.js';
import {
  FIELD_1_LENGTH,
  FIELD_1_VARINT,
  FIELD_2_LENGTH,
  FIELD_2_VARINT,
  FIELD_3_VARINT,
  FIELD_4_LENGTH,
} from '../wire/tags.js';
import { message, number, text } from '../wire/fields.js';

// `PutRequest` is what other doors have too.
export { decodeKeyValue } from '../wire/messages.js';

/** `PutResponse`: why the value was not taken, or `undefined` if it was. */
export interface PutOutcome {
  readonly error: string | undefined;
}

/** `GetResponse`: the versions of a key, or why there is no answer. */
export interface GetOutcome {
  readonly heads: readonly Head[];
  readonly error: string | undefined;
}

/**
 * Decodes `GetRequest`.
 * @throws KvsError PEDIDO_INVALIDO, and nothing else
 */
export function decodeKey(bytes: Buffer): KeyRequest {
  const reader = new Reader(bytes);
  let key: string | undefined = '';
  let keyBytes = 0;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) {
      key = reader.text();
      keyBytes = reader.textBytes;
    } else reader.skip(tag);
  }
  return { key, keyBytes };
}

export function encodePutResponse({ error }: PutOutcome): Buffer {
  return error === undefined ? number(FIELD_1_VARINT, 1) : text(FIELD_2_LENGTH, error);
}

export function encodeGetResponse({ heads, error }: GetOutcome): Buffer {
  return Buffer.concat([
    ...heads.map((head) => message(FIELD_1_LENGTH, version(head))),
    text(FIELD_2_LENGTH, error ?? ''),
  ]);
}

/** `Version` */
function version(head: Head): Buffer {
  const clock = head.clock.map(([origin, seq]) =>
    message(FIELD_1_LENGTH, Buffer.concat([text(FIELD_1_LENGTH, origin), number(FIELD_2_VARINT, seq)])),
  );
  return Buffer.concat([
    text(FIELD_1_LENGTH, head.value),
    message(FIELD_2_LENGTH, Buffer.concat(clock)),
    number(FIELD_3_VARINT, head.timestamp),
    text(FIELD_4_LENGTH, head.origin),
  ]);
}
