/** The requests of `frota.v1.Loja`, by hand (see wire/reader.ts). Every decoder throws KvsError PEDIDO_INVALIDO, and nothing else. */
import { KvsError } from '../../../core/errors.js';
import type { LineQuery } from '../../../ports/lines.js';
import { grpcLimits } from '../limits.js';
import type { KeyRequest, KeyValueRequest, KeyVersionRequest } from '../wire/messages.js';
import { readKeyVersion } from '../wire/messages.js';
import { Reader } from '../wire/reader.js';
import {
  FIELD_1_LENGTH,
  FIELD_2_LENGTH,
  FIELD_2_VARINT,
  FIELD_3_LENGTH,
  FIELD_3_VARINT,
  FIELD_4_LENGTH,
  FIELD_4_VARINT,
  FIELD_5_LENGTH,
  FIELD_5_VARINT,
  FIELD_6_VARINT,
  FIELD_7_VARINT,
  FIELD_8_VARINT,
} from '../wire/tags.js';

/** `Par`. */
export interface PairRequest extends KeyValueRequest {
  /** 0: for ever. */
  readonly ttlSeconds: number;
}

type LinePlace = Pick<LineQuery, 'version' | 'timestamp' | 'back'>;

/** `Leitura`: at most one of the three is set. */
export type LineRequest = KeyRequest & LinePlace;

/** `Faixa`: an empty text and 0 are not set. */
export interface RangeOfLines {
  readonly prefix: KeyRequest;
  readonly from: KeyRequest;
  readonly to: KeyRequest;
  readonly limit: number;
  readonly after: KeyRequest;
  readonly keysOnly: boolean;
  readonly version: number;
  readonly timestamp: number;
}

/** `Condicao`. */
export interface ConditionRequest extends PairRequest {
  readonly version: number;
  readonly removes: boolean;
}

/** `Prazo`. */
export interface TtlRequest extends KeyRequest {
  readonly ttlSeconds: number;
}

/** `Interesse`: an empty key or prefix is not set. */
export interface InterestRequest {
  readonly watched: KeyRequest;
  readonly prefix: KeyRequest;
  readonly from: { readonly kind: 'now' | 'everything' } | { readonly kind: 'token'; readonly token: string };
}

const LATEST: LinePlace = Object.freeze({ version: undefined, timestamp: undefined, back: undefined });
const BLANK: KeyRequest = Object.freeze({ key: '', keyBytes: 0 });

export function decodePair(bytes: Buffer): PairRequest {
  return readPair(new Reader(bytes));
}

/** `Lote`. */
export function decodeBatch(bytes: Buffer): readonly PairRequest[] {
  const reader = new Reader(bytes);
  const pairs: PairRequest[] = [];
  while (reader.more) {
    const tag = reader.tag();
    if (tag !== FIELD_1_LENGTH) {
      reader.skip(tag);
      continue;
    }
    if (pairs.length >= grpcLimits.pairsPerBatch) {
      const most = String(grpcLimits.pairsPerBatch);
      throw new KvsError('PEDIDO_INVALIDO', `um lote tem no máximo ${most} pares: envie vários lotes`);
    }
    pairs.push(readPair(reader.message()));
  }
  return pairs;
}

function readPair(reader: Reader): PairRequest {
  let key: string | undefined = '';
  let keyBytes = 0;
  let value: string | undefined = '';
  let valueBytes = 0;
  let ttlSeconds = 0;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) {
      key = reader.text();
      keyBytes = reader.textBytes;
    } else if (tag === FIELD_2_LENGTH) {
      value = reader.text();
      valueBytes = reader.textBytes;
    } else if (tag === FIELD_3_VARINT) ttlSeconds = reader.uint32();
    else reader.skip(tag);
  }
  return { key, keyBytes, value, valueBytes, ttlSeconds };
}

export function decodeLineRequest(bytes: Buffer): LineRequest {
  const reader = new Reader(bytes);
  let key = BLANK;
  let place: LinePlace = LATEST;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) key = readText(reader);
    // Members of one oneof: the last wins.
    else if (tag === FIELD_2_VARINT) place = { ...LATEST, version: notNegative(reader.int32(), 'versao') };
    else if (tag === FIELD_3_VARINT) place = { ...LATEST, timestamp: notNegative(reader.int64(), 'em_ms') };
    else if (tag === FIELD_4_VARINT) place = { ...LATEST, back: reader.uint32() };
    else reader.skip(tag);
  }
  return { ...key, ...place };
}

export function decodeRangeOfLines(bytes: Buffer): RangeOfLines {
  const reader = new Reader(bytes);
  let [prefix, from, to, after] = [BLANK, BLANK, BLANK, BLANK];
  let [limit, version, timestamp] = [0, 0, 0];
  let keysOnly = false;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) prefix = readText(reader);
    else if (tag === FIELD_2_LENGTH) from = readText(reader);
    else if (tag === FIELD_3_LENGTH) to = readText(reader);
    else if (tag === FIELD_4_VARINT) limit = reader.uint32();
    else if (tag === FIELD_5_LENGTH) after = readText(reader);
    else if (tag === FIELD_6_VARINT) keysOnly = reader.bool();
    else if (tag === FIELD_7_VARINT) version = notNegative(reader.int32(), 'versao');
    else if (tag === FIELD_8_VARINT) timestamp = notNegative(reader.int64(), 'em_ms');
    else reader.skip(tag);
  }
  return { prefix, from, to, limit, after, keysOnly, version, timestamp };
}

export function decodeCondition(bytes: Buffer): ConditionRequest {
  const reader = new Reader(bytes);
  let key = BLANK;
  let value = BLANK;
  let [version, ttlSeconds] = [0, 0];
  let removes = false;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) key = readText(reader);
    else if (tag === FIELD_2_VARINT) version = notNegative(reader.int32(), 'versao');
    else if (tag === FIELD_3_LENGTH) value = readText(reader);
    else if (tag === FIELD_4_VARINT) removes = reader.bool();
    else if (tag === FIELD_5_VARINT) ttlSeconds = reader.uint32();
    else reader.skip(tag);
  }
  return { ...key, version, value: value.key, valueBytes: value.keyBytes, removes, ttlSeconds };
}

/** `Remocao`. */
export function decodeRemoval(bytes: Buffer): KeyVersionRequest {
  return readKeyVersion(new Reader(bytes), (reader) => notNegative(reader.int32(), 'versao'));
}

/** `Prazo`. */
export function decodeTtl(bytes: Buffer): TtlRequest {
  const reader = new Reader(bytes);
  let key = BLANK;
  let ttlSeconds = 0;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) key = readText(reader);
    else if (tag === FIELD_2_VARINT) ttlSeconds = reader.uint32();
    else reader.skip(tag);
  }
  return { ...key, ttlSeconds };
}

/** `Interesse`. */
export function decodeInterest(bytes: Buffer): InterestRequest {
  const reader = new Reader(bytes);
  let [watched, prefix] = [BLANK, BLANK];
  let from: InterestRequest['from'] = { kind: 'now' };
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) watched = readText(reader);
    else if (tag === FIELD_2_LENGTH) prefix = readText(reader);
    // Set to false, it is the member of the oneof that asks for nothing.
    else if (tag === FIELD_3_VARINT) from = { kind: reader.bool() ? 'everything' : 'now' };
    else if (tag === FIELD_4_LENGTH) from = readToken(reader);
    else reader.skip(tag);
  }
  return { watched, prefix, from };
}

/** A token that is empty is of no watch: it begins now. */
function readToken(reader: Reader): InterestRequest['from'] {
  // What is no text is no token either, which the engine says.
  const token = reader.text() ?? '\ufffd';
  return token === '' ? { kind: 'now' } : { kind: 'token', token };
}

function readText(reader: Reader): KeyRequest {
  return { key: reader.text(), keyBytes: reader.textBytes };
}

/** @throws KvsError PEDIDO_INVALIDO */
function notNegative(number: number, field: string): number {
  if (number >= 0) return number;
  throw new KvsError('PEDIDO_INVALIDO', `${field} não pode ser negativo`);
}
