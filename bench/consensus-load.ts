/**
 * A load generator that writes or reads keys of a pool, through our server or in etcd itself: the frames of `ChaveValor`
 * and `PutRequest`, and of `ChaveVersao` and `RangeRequest`, are the same bytes.
 *
 *     node consensus-load.js <ports, with commas> kvs|etcd put|get <calls> <clients> <first call>
 *
 * Each client has one call in flight. Clients are spread over the ports; one client alone goes to each port for its
 * share of the calls, one after the other. Prints one JSON object.
 */
import { http2Load } from './support/http2-load.js';
import { keyFrame, keyValueFrame, valueOf } from './support/messages.js';
import { percentile } from './support/stats.js';

/** Keys in the pool: more than calls in flight, so that no two writes race for one key. */
const KEYS = 1_000;

const PATHS = {
  kvs: { put: '/kvs.KVS/Insere', get: '/kvs.KVS/Consulta' },
  etcd: { put: '/etcdserverpb.KV/Put', get: '/etcdserverpb.KV/Range' },
} as const;

const [portList = '', system, operation, calls, clients, first] = process.argv.slice(2);
if ((system !== 'kvs' && system !== 'etcd') || (operation !== 'put' && operation !== 'get'))
  throw new Error('usage: consensus-load <ports> kvs|etcd put|get <calls> <clients> <first call>');
const ports = portList.split(',').map(Number);

function bodyOf(call: number): Buffer {
  const number = Number(first) + call;
  const key = `chave-${String(number % KEYS).padStart(10, '0')}`;
  return operation === 'put' ? keyValueFrame(key, valueOf(number)) : keyFrame(key);
}

/** A version that is none of an error, the header of etcd, or an answer with a value in it. */
function isRight(message: Buffer): boolean {
  if (operation === 'get') return message.length > 64;
  return system === 'etcd'
    ? message.length > 2
    : message.length >= 2 && message.length < 7 && message[0] === 8;
}

async function share(port: number, from: number, count: number, inFlight: number): Promise<Float64Array> {
  const path = PATHS[system as 'kvs'][operation as 'put'];
  return http2Load({ port, path, calls: count, inFlight, body: (call) => bodyOf(from + call), isRight });
}

const each = Math.floor(Number(calls) / ports.length);
const startMs = performance.now();
const times: Float64Array[] = [];
if (Number(clients) === 1) {
  for (const [index, port] of ports.entries()) times.push(await share(port, index * each, each, 1));
} else {
  const inFlight = Math.ceil(Number(clients) / ports.length);
  times.push(...(await Promise.all(ports.map((port, index) => share(port, index * each, each, inFlight)))));
}
const seconds = (performance.now() - startMs) / 1000;
const all = times.flatMap((list) => [...list]);
console.log(
  JSON.stringify({ calls: all.length, seconds, p50Ms: percentile(all, 0.5), p99Ms: percentile(all, 0.99) }),
);
