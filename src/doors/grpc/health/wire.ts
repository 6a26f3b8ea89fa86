/** The messages of `grpc.health.v1.Health`, by hand (see wire/reader.ts). */
import { messageField, numberField } from '../wire/fields.js';
import { Reader } from '../wire/reader.js';
import { FIELD_1_LENGTH, FIELD_1_VARINT, FIELD_2_LENGTH } from '../wire/tags.js';

/** `HealthCheckResponse.ServingStatus`. */
export const SERVING_STATUS = Object.freeze({ SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 });
export type ServingStatus = (typeof SERVING_STATUS)[keyof typeof SERVING_STATUS];

/**
 * The name in a `HealthCheckRequest`; `undefined` if it is not UTF-8.
 * @throws KvsError PEDIDO_INVALIDO, and nothing else
 */
export function decodeServiceName(bytes: Buffer): string | undefined {
  const reader = new Reader(bytes);
  let name: string | undefined = '';
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) name = reader.text();
    else reader.skip(tag);
  }
  return name;
}

/** Encodes `HealthCheckResponse`. */
export function encodeHealth(serving: ServingStatus): Buffer {
  return numberField(FIELD_1_VARINT, serving);
}

/** Encodes `HealthListResponse`. */
export function encodeHealthList(statuses: Iterable<readonly [string, ServingStatus]>): Buffer {
  return Buffer.concat(
    Array.from(statuses, ([name, serving]) => {
      // The key of an entry is written even if it is empty: some readers show entries as messages.
      const key = messageField(FIELD_1_LENGTH, Buffer.from(name, 'utf8'));
      const value = messageField(FIELD_2_LENGTH, encodeHealth(serving));
      return messageField(FIELD_1_LENGTH, Buffer.concat([key, value]));
    }),
  );
}
