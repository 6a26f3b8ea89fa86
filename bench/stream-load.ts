/**
 * A load generator for `InsereVarias`: several calls at once; see support/streamed-calls.ts.
 *
 *     node stream-load.js <port> <streams> <items> <prefix>
 *
 * Keys are `<prefix>-<stream>-<number>`. Prints one JSON object.
 */
import { lastKeys, streamedInserts } from './support/streamed-calls.js';

const [port, streams, items, prefix] = process.argv.slice(2);
const load = {
  port: Number(port),
  streams: Number(streams),
  items: Number(items),
  prefix: String(prefix),
};
const startMs = performance.now();
const perStream = await streamedInserts(load);
const seconds = (performance.now() - startMs) / 1000;
console.log(
  JSON.stringify({ items: perStream * load.streams, seconds, lastKeys: lastKeys(load, perStream) }),
);
