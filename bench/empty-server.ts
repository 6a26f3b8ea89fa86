/**
 * The yardstick: a server of the gRPC library for Node, with the limits and the service definition of ours, whose
 * handlers do nothing. Its messages are read and written as the library's users do it, by `@grpc/proto-loader`.
 *
 *     node empty-server.js <port>      prints `ready` when it serves
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerUnaryCall, ServiceDefinition, sendUnaryData } from '@grpc/grpc-js';
import { loadProto, loadedService } from '../src/doors/grpc/protos.js';
import { grpcLimits } from '../src/doors/grpc/limits.js';
import { portLimits } from '../src/doors/port/limits.js';
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

/** As many versions as pairs came. */
function batch(
  { request }: ServerUnaryCall<{ readonly pares: readonly unknown[] }, object>,
  reply: sendUnaryData<object>,
): void {
  reply(null, { versoes: Array.from(request.pares, () => 1) });
}

const service = loadedService(loadProto('kvs.proto'), 'kvs.KVS') as ServiceDefinition;
const server = new Server({
  'grpc.max_receive_message_length': grpcLimits.batchBytes,
  'grpc.max_concurrent_streams': portLimits.streamsPerConnection,
  'grpc.keepalive_time_ms': portLimits.keepaliveMs,
  'grpc.keepalive_timeout_ms': portLimits.keepaliveTimeoutMs,
  'grpc.enable_channelz': 0,
});
server.addService(service, { Insere: unary(VERSION), Consulta: unary(TUPLE), InsereVarias: echo });
const store = loadedService(loadProto('loja.proto'), 'frota.v1.Loja') as ServiceDefinition;
server.addService(store, { GravaLote: batch });
server.bindAsync(`127.0.0.1:${process.argv[2] ?? '0'}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log('ready');
});
