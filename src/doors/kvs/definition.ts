import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type { ServiceDefinition as LoadedService } from '@grpc/proto-loader';
import { KvsError } from '../../core/errors.js';
import { loadProto, loadedService } from '../protos.js';
import type { KvsHandlers } from './handlers.js';
import {
  decodeKeyValue,
  decodeKeyVersion,
  decodeVersion,
  encodeTuple,
  encodeVersion,
  type Decoded,
} from './wire.js';

export const KVS_SERVICE_NAME = 'kvs.KVS';

/** Everything that `kvs.proto` declares, for reflection. */
export const kvsPackage = loadProto('kvs.proto');

const loaded = loadedService(kvsPackage, KVS_SERVICE_NAME);

/** `kvs.KVS` for a server: paths and kinds of calls from `kvs.proto`, its messages by hand (see wire.ts). */
export const kvsService: ServiceDefinition = {
  Insere: method(loaded, 'Insere', decodeKeyValue, encodeVersion),
  Consulta: method(loaded, 'Consulta', decodeKeyVersion, encodeTuple),
  Remove: method(loaded, 'Remove', decodeKeyVersion, encodeVersion),
  InsereVarias: method(loaded, 'InsereVarias', decodeKeyValue, encodeVersion),
  ConsultaVarias: method(loaded, 'ConsultaVarias', decodeKeyVersion, encodeTuple),
  RemoveVarias: method(loaded, 'RemoveVarias', decodeKeyVersion, encodeVersion),
  Snapshot: method(loaded, 'Snapshot', decodeVersion, encodeTuple),
} satisfies Record<keyof KvsHandlers, unknown>;

function method<Req, Res>(
  service: LoadedService,
  name: keyof KvsHandlers,
  decode: (bytes: Buffer) => Req,
  encode: (answer: Res) => Buffer,
): MethodDefinition<Decoded<Req>, Res> {
  const definition = service[name];
  if (definition === undefined) throw new Error(`kvs.proto has no ${name}`);
  const { path, requestStream, responseStream } = definition;
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: onlyForServers,
    requestDeserialize: (bytes) => decoded(decode, bytes),
    responseSerialize: encode,
    responseDeserialize: onlyForServers,
  };
}

function onlyForServers(): never {
  throw new Error('this definition is for servers');
}

function decoded<Req>(decode: (bytes: Buffer) => Req, bytes: Buffer): Decoded<Req> {
  try {
    return decode(bytes);
  } catch (thrown) {
    return KvsError.from(thrown);
  }
}
