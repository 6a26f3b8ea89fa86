/** The messages of `kvs.Copia`. The library encodes answers: the codec is not the bottleneck of a bulk door. */
import { loadProto, loadedService } from '../protos.js';
import { KvsError } from '../../../core/errors.js';
import { limits } from '../../../core/limits.js';
import type { Restored, Row } from '../../../ports/engine.js';
import { decodeKeyValue, EMPTY, type KeyValueRequest } from '../wire/messages.js';
import { Reader } from '../wire/reader.js';
import { FIELD_3_VARINT, FIELD_4_VARINT, FIELD_5_VARINT } from '../wire/tags.js';

export const COPY_SERVICE_NAME = 'kvs.Copia';

/** Everything that `copia.proto` declares, for reflection. */
export const copyPackage = loadProto('copia.proto');

const loadedCopy = loadedService(copyPackage, COPY_SERVICE_NAME);

/** A row as received: the handlers check key and value. */
export interface RowRequest extends KeyValueRequest {
  readonly version: number;
  readonly timestamp: number;
  readonly expiresAt: number | undefined;
}

const OUTCOMES: Readonly<Record<Restored['outcome'], string>> = {
  kept: 'GRAVADA',
  renumbered: 'RENUMERADA',
  present: 'JA_EXISTIA',
  expired: 'EXPIRADA',
};

/** `PedidoExporta` has no known fields. */
export function decodeExportRequest(): object {
  return EMPTY;
}

/**
 * Decodes `Versionada`. By hand: the library would change a key that is not UTF-8.
 * @throws KvsError PEDIDO_INVALIDO
 */
export function decodeRow(bytes: Buffer): RowRequest {
  const pair = decodeKeyValue(bytes);
  const reader = new Reader(bytes);
  let [version, timestamp, expires] = [0, 0, 0];
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_3_VARINT) version = reader.int32();
    else if (tag === FIELD_4_VARINT) timestamp = reader.int64();
    else if (tag === FIELD_5_VARINT) expires = reader.int64();
    else reader.skip(tag);
  }
  // `int32()` already bounds the version.
  if (version < 1 || timestamp < 1 || timestamp > limits.timestampMs) {
    throw new KvsError('PEDIDO_INVALIDO', `versão ${version} ou momento ${timestamp} fora do que existe`);
  }
  if (expires < 0 || expires > limits.timestampMs) {
    throw new KvsError('PEDIDO_INVALIDO', `instante em que expira ${expires} fora do que existe`);
  }
  return { ...pair, version, timestamp, expiresAt: expires === 0 ? undefined : expires };
}

export function encodeRow({ key, value, version, timestamp, expiresAt = 0 }: Row): Buffer {
  return encode('Exporta', { chave: key, valor: value, versao: version, ts: timestamp, expira: expiresAt });
}

export function encodeRestored({ version, outcome }: Restored): Buffer {
  return encode('Importa', { versao: version, situacao: OUTCOMES[outcome] });
}

function encode(name: string, message: object): Buffer {
  const method = loadedCopy[name];
  if (method === undefined) throw new Error(`the service has no ${name}`);
  return method.responseSerialize(message);
}
