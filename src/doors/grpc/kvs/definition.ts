import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadProto, loadedService } from '../protos.js';
import { serverMethod } from '../service.js';
import type { KvsHandlers } from './handlers.js';
import { decodeKeyValue, decodeKeyVersion, decodeVersion, encodeTuple, encodeVersion } from './wire.js';

export const KVS_SERVICE_NAME = 'kvs.KVS';

/** Everything that `kvs.proto` declares, for reflection. */
export const kvsPackage = loadProto('kvs.proto');

const loaded = loadedService(kvsPackage, KVS_SERVICE_NAME);

/** `kvs.KVS` for a server: paths and kinds of calls from `kvs.proto`, its messages by hand (see wire.ts). */
export const kvsService: ServiceDefinition = {
  Insere: serverMethod(loaded, 'Insere', decodeKeyValue, encodeVersion),
  Consulta: serverMethod(loaded, 'Consulta', decodeKeyVersion, encodeTuple),
  Remove: serverMethod(loaded, 'Remove', decodeKeyVersion, encodeVersion),
  InsereVarias: serverMethod(loaded, 'InsereVarias', decodeKeyValue, encodeVersion),
  ConsultaVarias: serverMethod(loaded, 'ConsultaVarias', decodeKeyVersion, encodeTuple),
  RemoveVarias: serverMethod(loaded, 'RemoveVarias', decodeKeyVersion, encodeVersion),
  Snapshot: serverMethod(loaded, 'Snapshot', decodeVersion, encodeTuple),
} satisfies Record<keyof KvsHandlers, unknown>;
