/**
 * A load generator for curves: unary calls with values of any length, on new keys, known keys or versions of one key.
 *
 *     node curve-load.js '{"port":9000,"operation":"insert",…}'
 *
 * Takes a {@link CurveLoad}. Prints one JSON object: the number of calls, and the ms of the middle one.
 */
import type { CurveLoad } from './curves/load.js';
import { http2Load } from './support/http2-load.js';
import { frame, keyFrame, keyValueFrame } from './support/messages.js';
import { percentile } from './support/stats.js';

/** A step coprime to any count of keys that is used: visits all of them in an order without locality. */
const STRIDE = 7_919;

const load = JSON.parse(process.argv[2] ?? '') as CurveLoad;
const { port, operation, prefix, firstKey, keys, valueBytes, connections, inFlight } = load;
const perConnection = Math.ceil(load.calls / connections);
const value = 'abcdefghijklmnopqrstuvwxyz'.repeat(Math.ceil(valueBytes / 26)).slice(0, valueBytes);

/** Like those of batch-load.ts, which fills the map before. */
const keyOf = (number: number): string => `${prefix}-${String(number).padStart(9, '0')}`;

function bodyOf(call: number): Buffer {
  if (operation === 'query') {
    const body = keyFrame(keyOf(firstKey + ((call * STRIDE) % keys)));
    return load.version === undefined ? body : withVersion(body, load.version);
  }
  return keyValueFrame(
    keyOf(firstKey + (call % keys)),
    `${String(call).padStart(10, '0')}${value}`.slice(0, valueBytes),
  );
}

/** `ChaveVersao` with its second field, a varint. */
function withVersion(body: Buffer, version: number): Buffer {
  const bytes = [2 << 3];
  let rest = version;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return frame(Buffer.concat([body.subarray(5), Buffer.from([...bytes, rest])]));
}

const times = await Promise.all(
  Array.from({ length: connections }, (_, connection) =>
    http2Load({
      ...{ port, calls: perConnection, inFlight },
      path: operation === 'insert' ? '/kvs.KVS/Insere' : '/kvs.KVS/Consulta',
      body: (call) => bodyOf(connection * perConnection + call),
      // A version that is not −1, and a tuple with the value.
      isRight:
        operation === 'insert'
          ? ({ length }) => length > 1 && length <= 6
          : ({ length }) => length > valueBytes,
    }),
  ),
);
const all = times.flatMap((each) => [...each]);
console.log(JSON.stringify({ calls: all.length, p50Ms: percentile(all, 0.5) }));
