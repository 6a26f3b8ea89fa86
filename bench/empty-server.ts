/**
 * The yardstick: a server of the same gRPC library, with the same options and the same service definition, whose
 * handlers do nothing. Its messages are read and written as the library's users do it, by `@grpc/proto-loader`.
 *
 *     node empty-server.js <port>      prints `ready` when it serves
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerUnaryCall, ServiceDefinition, sendUnaryData } from '@grpc/grpc-js';
import { loadProto, loadedService } from '../src/doors/grpc/protos.js';
import { grpcServerOptions } from '../src/doors/grpc/server.js';
import { valueOf } from './support/messages.js';

interface Version {
  readonly versao: number;
}

const VERSION: Version = { versao: 1 };
const TUPLE = { chave: 'chave-0000000001', valor: valueOf(1), versao: 1 };

function unary<Answer>(answer: Answer) {
  return (_call: ServerUnaryCall<object, Answer>, reply: sendUnaryData<Answer>): void => {
    reply(null, answer);
  };
}

function echo(call: ServerDuplexStream<object, Version>): void {
  call.on('data', () => {
    if (!call.write(VERSION)) call.pause();
  });
  call.on('drain', () => call.resume());
  call.on('end', () => call.end());
}

const service = loadedService(loadProto('kvs.proto'), 'kvs.KVS') as ServiceDefinition;
const server = new Server(grpcServerOptions);
server.addService(service, { Insere: unary(VERSION), Consulta: unary(TUPLE), InsereVarias: echo });
server.bindAsync(`127.0.0.1:${process.argv[2] ?? '0'}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log('ready');
});
