/**
 * A load generator for unary calls with a key of its own for each call; h2load sends the same body again and again.
 *
 *     node unary-load.js <port> insert|query <calls> <first key number> <keys> [<connections> <in flight on each> [<name>=<value>]…]
 *
 * Inserts use the next key each time, queries spread over all `keys`. Prints one JSON object.
 */
import { percentile } from './support/stats.js';
import { unaryCalls } from './support/unary-calls.js';

const CONNECTIONS = '8';
const IN_FLIGHT = '32';

const [port, operation, calls, first, keys, ...more] = process.argv.slice(2);
const [connections = CONNECTIONS, inFlight = IN_FLIGHT, ...fields] = more;
const metadata = fields.map((field): readonly [string, string] => {
  const at = field.indexOf('=');
  return [field.slice(0, at), field.slice(at + 1)];
});

const startMs = performance.now();
const all = await unaryCalls({
  port: Number(port),
  operation: operation === 'insert' ? 'insert' : 'query',
  calls: Number(calls),
  firstKey: Number(first),
  keys: Number(keys),
  connections: Number(connections),
  inFlight: Number(inFlight),
  metadata,
});
const seconds = (performance.now() - startMs) / 1000;
const result = {
  ...{ calls: all.length, seconds, p50Ms: percentile(all, 0.5), p99Ms: percentile(all, 0.99) },
  ...{ p999Ms: percentile(all, 0.999), longestMs: percentile(all, 1) },
};
console.log(JSON.stringify(result));
