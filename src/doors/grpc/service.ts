import type { MethodDefinition } from '@grpc/grpc-js';
import type { ServiceDefinition as LoadedService } from '@grpc/proto-loader';
import type { Decoded } from '../../call/operation.js';
import { KvsError } from '../../core/errors.js';

/**
 * A method for a server: its path and kind of call as a loaded file of `proto` says, its messages by hand.
 * @param decode may throw KvsError PEDIDO_INVALIDO, which the handler gets in the request's place
 * @throws Error if the service has no such method
 */
export function serverMethod<Req, Res>(
  service: LoadedService,
  name: string,
  decode: (bytes: Buffer) => Req,
  encode: (answer: Res) => Buffer,
): MethodDefinition<Decoded<Req>, Res> {
  const definition = service[name];
  if (definition === undefined) throw new Error(`the service has no ${name}`);
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
