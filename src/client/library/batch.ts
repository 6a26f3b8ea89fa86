import { ERROR_CODES, KvsError } from '../../core/errors.js';
import type { ErrorCode } from '../../core/errors.js';
import type { Rpc } from '../call.js';
import { givenSeconds, givenText } from './given.js';
import { libraryLimits } from './limits.js';
import { loja } from './lines.js';
import type { KvsPair } from './public.js';

/** `Par` of `proto/loja.proto`. */
interface PairMessage {
  readonly chave: string;
  readonly valor: string;
  readonly ttl_s: number;
}

/** `LoteGravado` as the loader decodes it. */
interface BatchReply {
  readonly versoes: readonly number[];
  readonly recusas: readonly {
    readonly indice: number;
    readonly codigo: string;
    readonly mensagem: string;
  }[];
}

/** Writes several pairs. */
export const GRAVA_LOTE: Rpc<BatchReply> = {
  ...loja('GravaLote'),
  ...{ writes: true, read: (message) => message as BatchReply },
};

/** Writes one pair: with a request id, so that it can be repeated where servers remember them. */
export const GRAVA_UM: Rpc<BatchReply> = { ...GRAVA_LOTE, repeatable: true };

/** @throws KvsError PEDIDO_INVALIDO for what is no pair, CONFIGURACAO for a time to live that is none */
export function pairMessage(pair: KvsPair): PairMessage {
  const given: unknown = pair;
  if (typeof given !== 'object' || given === null) {
    throw new KvsError('PEDIDO_INVALIDO', 'batch: esperado pares, como [chave, valor] ou { key, value }');
  }
  const { key, value, ttlSeconds } =
    'key' in pair ? pair : { key: pair[0], value: pair[1], ttlSeconds: undefined };
  return {
    ...{ chave: givenText('key', key), valor: givenText('value', value) },
    ttl_s: givenSeconds(ttlSeconds),
  };
}

/** Groups pairs into batches that a server takes, as they come. */
export async function* batchesOf(
  pairs: Iterable<KvsPair> | AsyncIterable<KvsPair>,
): AsyncGenerator<PairMessage[], void> {
  let [batch, bytes] = [[] as PairMessage[], 0];
  for await (const pair of pairs) {
    const message = pairMessage(pair);
    const { chave, valor } = message;
    const pairBytes = Buffer.byteLength(chave) + Buffer.byteLength(valor) + libraryLimits.pairBytes;
    if (batch.length >= libraryLimits.batchPairs || bytes + pairBytes > libraryLimits.batchBytes) {
      if (batch.length > 0) yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(message);
    bytes += pairBytes;
  }
  if (batch.length > 0) yield batch;
}

/** The code that a server gave; of a newer version it may be one that this library does not know. */
export function codeOf(text: string): ErrorCode {
  return ERROR_CODES.find((code) => code === text) ?? 'INTERNO';
}
