/**
 * A load generator for `GravaLote`: many pairs in one call; see support/batched-calls.ts.
 *
 *     node batch-load.js <port> <calls> <pairs> <prefix> [<connections> <in flight on each>]
 *
 * Keys are `<prefix>-<number>`. Prints one JSON object.
 */
import { batchedInserts, lastBatchedKey } from './support/batched-calls.js';

const [port, calls, pairs, prefix, connections = '4', inFlight = '2'] = process.argv.slice(2);
const load = {
  port: Number(port),
  calls: Number(calls),
  pairs: Number(pairs),
  connections: Number(connections),
  inFlight: Number(inFlight),
  prefix: String(prefix),
};
const seconds = await batchedInserts(load);
console.log(JSON.stringify({ items: load.calls * load.pairs, seconds, lastKeys: [lastBatchedKey(load)] }));
