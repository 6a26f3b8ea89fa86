/**
 * A load generator for unary calls with a key of its own for each call; h2load sends the same body again and again.
 *
 *     node unary-load.js <port> insert|query <calls> <first key number> <keys> [<connections> <in flight on each> [<name>=<value>]…]
 *
 * Inserts use the next key each time, queries spread over all `keys`. Prints one JSON object.
 */
import { http2Load } from './support/http2-load.js';
import { keyFrame, keyValueFrame, valueOf } from './support/messages.js';
import { percentile } from './support/stats.js';

const CONNECTIONS = '8';
const IN_FLIGHT = '32';
/** A step coprime to any count of keys that is used: visits all of them in an order without locality. */
const STRIDE = 7_919;

const [port, operation, calls, first, keys, ...more] = process.argv.slice(2);
const [connections = CONNECTIONS, inFlight = IN_FLIGHT, ...fields] = more;
const perConnection = Math.ceil(Number(calls) / Number(connections));
const metadata = fields.map((field): readonly [string, string] => {
  const at = field.indexOf('=');
  return [field.slice(0, at), field.slice(at + 1)];
});

function keyOf(number: number): string {
  return `chave-${String(Number(first) + number).padStart(10, '0')}`;
}

function bodyOf(call: number): Buffer {
  if (operation === 'insert') return keyValueFrame(keyOf(call), valueOf(call));
  return keyFrame(keyOf((call * STRIDE) % Number(keys)));
}

/** `Versao` 1, or a `Tupla` with a value. */
function isRight(message: Buffer): boolean {
  return operation === 'insert'
    ? message.length === 2 && message[0] === 8 && message[1] === 1
    : message.length > 64;
}

const startMs = performance.now();
const times = await Promise.all(
  Array.from({ length: Number(connections) }, (_, connection) =>
    http2Load({
      port: Number(port),
      path: operation === 'insert' ? '/kvs.KVS/Insere' : '/kvs.KVS/Consulta',
      calls: perConnection,
      inFlight: Number(inFlight),
      metadata,
      body: (call) => bodyOf(connection * perConnection + call),
      isRight,
    }),
  ),
);
const seconds = (performance.now() - startMs) / 1000;
const all = times.flatMap((each) => [...each]);
const result = { calls: all.length, seconds, p50Ms: percentile(all, 0.5), p99Ms: percentile(all, 0.99) };
console.log(JSON.stringify(result));
