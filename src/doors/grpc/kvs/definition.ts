import { loadProto } from '../protos.js';
import { grpcService, rpc } from '../service.js';
import type { GrpcService } from '../service.js';
import { kvsOperations } from './operations.js';
import { decodeKeyValue, decodeKeyVersion, decodeVersion, encodeTuple, encodeVersion } from './wire.js';

const loaded = loadProto('kvs.proto');

/**
 * `kvs.KVS` for a server.
 * @param minimumChars fewest characters of a key and of a value
 */
export function kvsService(minimumChars: number): GrpcService {
  const { insert, query, remove, snapshot } = kvsOperations(minimumChars);
  return grpcService('kvs.KVS', loaded, {
    Insere: rpc(decodeKeyValue, encodeVersion, insert),
    Consulta: rpc(decodeKeyVersion, encodeTuple, query),
    Remove: rpc(decodeKeyVersion, encodeVersion, remove),
    InsereVarias: rpc(decodeKeyValue, encodeVersion, insert),
    ConsultaVarias: rpc(decodeKeyVersion, encodeTuple, query),
    RemoveVarias: rpc(decodeKeyVersion, encodeVersion, remove),
    Snapshot: rpc(decodeVersion, encodeTuple, snapshot),
  });
}
