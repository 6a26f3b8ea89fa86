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
import { messageField, numberField, textField } from '../wire/fields.js';

// `PutRequest` is shared with other doors.
export { decodeKeyValue } from '../wire/messages.js';

/** `PutResponse`: why the value was refused, or `undefined` if it was written. */
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
  return error === undefined ? numberField(FIELD_1_VARINT, 1) : textField(FIELD_2_LENGTH, error);
}

export function encodeGetResponse({ heads, error }: GetOutcome): Buffer {
  return Buffer.concat([
    ...heads.map((head) => messageField(FIELD_1_LENGTH, version(head))),
    textField(FIELD_2_LENGTH, error ?? ''),
  ]);
}

/** `Version` */
function version(head: Head): Buffer {
  const clock = head.clock.map(([origin, seq]) =>
    messageField(
      FIELD_1_LENGTH,
      Buffer.concat([textField(FIELD_1_LENGTH, origin), numberField(FIELD_2_VARINT, seq)]),
    ),
  );
  return Buffer.concat([
    textField(FIELD_1_LENGTH, head.value),
    messageField(FIELD_2_LENGTH, Buffer.concat(clock)),
    numberField(FIELD_3_VARINT, head.timestamp),
    textField(FIELD_4_LENGTH, head.origin),
  ]);
}
