/**
 * A load generator for the programs that a server is compared with: the same keys and values for all of them, written by
 * hand, so that what a client library costs is in no figure.
 *
 *     node rivals-load.js kvs|etcd|redis|nats insert|query|streamed|bucket <ports, with commas> <calls> <first key number>
 *
 * Prints one JSON object.
 */
import { http2Load } from './support/http2-load.js';
import { keyFrame, keyValueFrame, valueOf } from './support/messages.js';
import { nats, natsBucket, redis } from './support/rival-protocols.js';
import { streamedInserts } from './support/streamed-calls.js';
import { textLoad } from './support/text-load.js';
import type { Protocol } from './support/rival-protocols.js';
import { keyOf } from './support/unary-calls.js';

const CONNECTIONS = 8;
const IN_FLIGHT = 8;

const [system = '', operation = '', portList = '', callText, firstText] = process.argv.slice(2);
const ports = portList.split(',').map(Number);
const [calls, first] = [Number(callText), Number(firstText)];
const each = Math.ceil(calls / CONNECTIONS);

const PATHS: Readonly<Record<string, string>> = {
  'kvs insert': '/kvs.KVS/Insere',
  'kvs query': '/kvs.KVS/Consulta',
  'etcd insert': '/etcdserverpb.KV/Put',
  'etcd query': '/etcdserverpb.KV/Range',
};

function grpc(port: number, path: string, from: number): Promise<unknown> {
  const isQuery = operation === 'query';
  return http2Load({
    ...{ port, path, calls: each, inFlight: IN_FLIGHT },
    body: (call) =>
      isQuery ? keyFrame(keyOf(from + call)) : keyValueFrame(keyOf(from + call), valueOf(call)),
    isRight: (message) => {
      if (isQuery) return message.length > 64;
      return message.length >= 2 && (system === 'etcd' || message.length < 7);
    },
  });
}

function text(port: number, protocol: Protocol, count: number, inFlight: number): Promise<void> {
  return textLoad({ ...protocol, port, calls: count, inFlight });
}

/** What one of the connections does. */
function share(port: number, from: number): Promise<unknown> {
  const path = PATHS[`${system} ${operation}`];
  if (path !== undefined) return grpc(port, path, from);
  if (system === 'nats') return text(port, nats(operation as 'insert', from), each, IN_FLIGHT);
  if (system !== 'redis') throw new Error(`${system} has no ${operation}`);
  if (operation === 'streamed') return text(port, redis('insert', from), each, 256);
  return text(port, redis(operation as 'insert', from), each, IN_FLIGHT);
}

const startMs = performance.now();
if (operation === 'bucket') await text(ports[0] ?? 0, natsBucket(), 1, 1);
else if (system === 'kvs' && operation === 'streamed')
  await streamedInserts({
    port: ports[0] ?? 0,
    streams: CONNECTIONS,
    items: each * CONNECTIONS,
    prefix: `f${first}`,
  });
else
  await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, i) => share(ports[i % ports.length] ?? 0, first + i * each)),
  );
console.log(JSON.stringify({ seconds: (performance.now() - startMs) / 1000 }));
