import type { Faults, Isolation, MessageLoss } from '../../../ports/laboratory.js';
import type { TracedMessage } from '../../../ports/trace.js';
import { messageField, numberField, textField } from '../wire/fields.js';
import { Reader } from '../wire/reader.js';
import {
  FIELD_10_VARINT,
  FIELD_1_VARINT,
  FIELD_2_VARINT,
  FIELD_3_LENGTH,
  FIELD_3_VARINT,
  FIELD_4_LENGTH,
  FIELD_5_LENGTH,
  FIELD_6_LENGTH,
  FIELD_7_VARINT,
  FIELD_8_LENGTH,
  FIELD_9_LENGTH,
} from '../wire/tags.js';

/** `Isolamento`: its seconds. @throws KvsError PEDIDO_INVALIDO */
export function decodeSeconds(bytes: Buffer): number {
  const reader = new Reader(bytes);
  let seconds = 0;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_VARINT) seconds = reader.uint32();
    else reader.skip(tag);
  }
  return seconds;
}

/** `Perda`. @throws KvsError PEDIDO_INVALIDO */
export function decodeLoss(bytes: Buffer): MessageLoss {
  const reader = new Reader(bytes);
  let [inPerMille, outPerMille] = [0, 0];
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_VARINT) inPerMille = reader.uint32();
    else if (tag === FIELD_2_VARINT) outPerMille = reader.uint32();
    else reader.skip(tag);
  }
  return { inPerMille, outPerMille };
}

/** `Adiantamento`: its ms. @throws KvsError PEDIDO_INVALIDO */
export function decodeShift(bytes: Buffer): number {
  const reader = new Reader(bytes);
  let ms = 0;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_VARINT) ms = reader.sint64();
    else reader.skip(tag);
  }
  return ms;
}

/** `Ligacao`. */
export function encodeIsolation({ isIsolated, endsMs }: Isolation): Buffer {
  return Buffer.concat([
    numberField(FIELD_1_VARINT, Number(isIsolated)),
    numberField(FIELD_2_VARINT, endsMs),
  ]);
}

/** `Falhas`. */
export function encodeFaults({ inPerMille, outPerMille, clockMs }: Faults): Buffer {
  return Buffer.concat([
    numberField(FIELD_1_VARINT, inPerMille),
    numberField(FIELD_2_VARINT, outPerMille),
    numberField(FIELD_3_VARINT, clockMs < 0 ? -2 * clockMs - 1 : 2 * clockMs),
  ]);
}

/** `Rastro`. */
export function encodeTraced(message: TracedMessage): Buffer {
  const { handled } = message;
  return Buffer.concat([
    numberField(FIELD_1_VARINT, message.number),
    numberField(FIELD_2_VARINT, message.atUs),
    textField(FIELD_3_LENGTH, message.step),
    textField(FIELD_4_LENGTH, message.channel),
    textField(FIELD_5_LENGTH, message.type),
    messageField(FIELD_6_LENGTH, Buffer.from(message.body)),
    numberField(FIELD_7_VARINT, message.bytes),
    messageField(FIELD_8_LENGTH, Buffer.from(message.digest)),
    textField(FIELD_9_LENGTH, handled?.effect ?? ''),
    numberField(FIELD_10_VARINT, handled?.applied ?? 0),
  ]);
}
