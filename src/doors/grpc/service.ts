import type { ServiceDefinition } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import type { Decoded, DoorOperation, RowsOperation } from '../../call/operation.js';
import { KvsError } from '../../core/errors.js';
import { loadedService } from './protos.js';

/** What an RPC does. A function makes a new operation for each call, which may keep state between requests. */
type RpcOperation<Req, T, Res> =
  DoorOperation<Req, Res> | (() => DoorOperation<Req, Res>) | RowsOperation<Req, T, Res>;

/** One RPC; its message types are hidden. */
interface Rpc {
  readonly decode: (bytes: Buffer) => unknown;
  readonly encode: (answer: unknown) => Buffer;
  readonly operation: RpcOperation<unknown, unknown, unknown>;
}

/**
 * Makes an RPC of the codecs of its messages and its operation.
 * @param decode may throw KvsError PEDIDO_INVALIDO, which the operation's caller gets in place of the request
 */
export function rpc<Req, T, Res>(
  decode: (bytes: Buffer) => Req,
  encode: (answer: Res) => Buffer,
  operation: RpcOperation<Req, T, Res>,
): Rpc {
  return { decode, encode, operation } as unknown as Rpc;
}

/** A service for a server. */
export interface GrpcService {
  readonly name: string;
  /** Everything that its file declares, for reflection. */
  readonly package: PackageDefinition;
  readonly definition: ServiceDefinition;
  readonly operations: Readonly<Record<string, Rpc['operation']>>;
}

/**
 * Makes a service: paths and kinds of calls from a loaded file of `proto`, with hand-written codecs.
 * @param rpcs by name
 * @throws Error unless the names are those of the file
 */
export function grpcService(
  name: string,
  loaded: PackageDefinition,
  rpcs: Readonly<Record<string, Rpc>>,
): GrpcService {
  const declared = loadedService(loaded, name);
  const missing = Object.keys(rpcs).find((rpcName) => !(rpcName in declared));
  if (missing !== undefined) throw new Error(`${name} has no ${missing}`);
  const definition = Object.entries(declared).map(([rpcName, { path, requestStream, responseStream }]) => {
    const made = rpcs[rpcName];
    if (made === undefined) throw new Error(`${name}: nothing does ${rpcName}`);
    const method = {
      ...{ path, requestStream, responseStream },
      requestSerialize: onlyForServers,
      requestDeserialize: (bytes: Buffer) => decoded(made.decode, bytes),
      responseSerialize: made.encode,
      responseDeserialize: onlyForServers,
    };
    return [rpcName, method] as const;
  });
  return {
    ...{ name, package: loaded, definition: Object.fromEntries(definition) },
    operations: Object.fromEntries(
      Object.entries(rpcs).map(([rpcName, { operation }]) => [rpcName, operation]),
    ),
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
