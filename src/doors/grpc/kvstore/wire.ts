/** The messages of `kvstore.KvStore`, by hand (see wire/reader.ts). */
import type { Head } from '../../../ports/engine.js';
import {
  FIELD_1_LENGTH,
  FIELD_1_VARINT,
  FIELD_2_LENGTH,
  FIELD_2_VARINT,
  FIELD_3_VARINT,
  FIELD_4_LENGTH,
} from '../wire/tags.js';
import { messageField, numberField, textField } from '../wire/fields.js';

// `GetRequest` and `PutRequest` are shared with other doors.
export { decodeKey, decodeKeyValue } from '../wire/messages.js';

/** `PutResponse`: why the value was refused, or `undefined` if it was written. */
export interface PutOutcome {
  readonly error: string | undefined;
}

/** `GetResponse`: the versions of a key, or why there is no answer. */
export interface GetOutcome {
  readonly heads: readonly Head[];
  readonly error: string | undefined;
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
