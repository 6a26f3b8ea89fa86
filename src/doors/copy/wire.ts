/** The messages of `kvs.Copia`, by the library: this door carries bulk, and its cost is not that of the codec. */
import { loadProto, loadedService } from '../protos.js';
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { Restored, Row } from '../../ports/engine.js';
import { EMPTY, type KeyValueRequest } from '../wire/messages.js';

export const COPY_SERVICE_NAME = 'kvs.Copia';

/** Everything that `copia.proto` declares, for reflection. */
export const copyPackage = loadProto('copia.proto');

export const loadedCopy = loadedService(copyPackage, COPY_SERVICE_NAME);

/** A row as it came: key and value are checked by the handlers. */
export interface RowRequest extends KeyValueRequest {
  readonly version: number;
  readonly timestamp: number;
}

const OUTCOMES: Readonly<Record<Restored['outcome'], string>> = {
  kept: 'GRAVADA',
  renumbered: 'RENUMERADA',
  present: 'JA_EXISTIA',
};

/** `PedidoExporta` has no fields that we know. */
export function decodeNothing(): object {
  return EMPTY;
}

/**
 * Decodes `Versionada`.
 * @throws KvsError PEDIDO_INVALIDO
 */
export function decodeRow(bytes: Buffer): RowRequest {
  const row = read(bytes);
  const timestamp = Number(row.ts);
  const isRow =
    row.versao >= 1 && row.versao <= limits.version && timestamp >= 1 && timestamp <= limits.timestampMs;
  if (!isRow) {
    throw new KvsError('PEDIDO_INVALIDO', `versão ${row.versao} ou momento ${row.ts} fora do que existe`);
  }
  const { chave: key, valor: value, versao: version } = row;
  const sizes = { keyBytes: Buffer.byteLength(key), valueBytes: Buffer.byteLength(value) };
  return { key, value, ...sizes, version, timestamp };
}

function read(bytes: Buffer): { chave: string; valor: string; versao: number; ts: string } {
  try {
    return loadedCopy['Importa']?.requestDeserialize(bytes) as ReturnType<typeof read>;
  } catch (error) {
    throw new KvsError('PEDIDO_INVALIDO', 'a mensagem não é Versionada', { cause: error });
  }
}

export function encodeRow({ key, value, version, timestamp }: Row): Buffer {
  return encode('Exporta', { chave: key, valor: value, versao: version, ts: timestamp });
}

export function encodeRestored({ version, outcome }: Restored): Buffer {
  return encode('Importa', { versao: version, situacao: OUTCOMES[outcome] });
}

function encode(name: string, message: object): Buffer {
  const method = loadedCopy[name];
  if (method === undefined) throw new Error(`the service has no ${name}`);
  return method.responseSerialize(message);
}
