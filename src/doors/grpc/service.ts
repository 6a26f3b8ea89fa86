import type { PackageDefinition } from '@grpc/proto-loader';
import type { DoorOperation, RowsOperation } from '../../call/operation.js';
import { loadedService } from './protos.js';

/** What an RPC does. A function makes a new operation for each call, which may keep state between requests. */
type RpcOperation<Req, T, Res> =
  DoorOperation<Req, Res> | (() => DoorOperation<Req, Res>) | RowsOperation<Req, T, Res>;

/** One RPC; its message types are hidden. */
interface Rpc {
  readonly decode: (bytes: Buffer) => unknown;
  readonly encode: (answer: unknown) => Buffer;
  readonly operation: RpcOperation<unknown, unknown, unknown>;
  /** Largest request; absent: that of all. */
  readonly maxMessageBytes?: number | undefined;
}

/**
 * Makes an RPC of the codecs of its messages and its operation.
 * @param decode may throw KvsError PEDIDO_INVALIDO, which the operation's caller gets in place of the request
 * @param maxMessageBytes of a unary request, where it may be larger than others
 */
export function rpc<Req, T, Res>(
  decode: (bytes: Buffer) => Req,
  encode: (answer: Res) => Buffer,
  operation: RpcOperation<Req, T, Res>,
  maxMessageBytes?: number,
): Rpc {
  return { decode, encode, operation, maxMessageBytes } as unknown as Rpc;
}

/** A service for a server. */
export interface GrpcService {
  readonly name: string;
  /** Everything that its file declares, for reflection. */
  readonly package: PackageDefinition;
  readonly methods: readonly GrpcMethod[];
}

/** One RPC of a service, with its codecs. */
export interface GrpcMethod extends Rpc {
  /** `/package.Service/Rpc`. */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
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
  const methods = Object.entries(declared).map(([rpcName, { path, requestStream, responseStream }]) => {
    const made = rpcs[rpcName];
    if (made === undefined) throw new Error(`${name}: nothing does ${rpcName}`);
    return { path, requestStream, responseStream, ...made };
  });
  return { name, package: loaded, methods };
}
