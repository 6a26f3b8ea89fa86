import { http2Load } from './http2-load.js';
import { keyFrame, keyValueFrame, valueOf } from './messages.js';

/** A step coprime to any count of keys that is used: visits all of them in an order without locality. */
const STRIDE = 7_919;

/** Unary calls with a key of its own for each. */
export interface UnaryCalls {
  readonly port: number;
  readonly operation: 'insert' | 'query';
  readonly calls: number;
  /** Number of the first key; inserts use the next one each time. */
  readonly firstKey: number;
  /** How many keys there are from the first on, for queries, which spread over them. */
  readonly keys: number;
  readonly connections: number;
  /** On each connection. */
  readonly inFlight: number;
  readonly metadata?: readonly (readonly [name: string, value: string])[];
}

/**
 * Makes the calls, the same number on each connection.
 * @returns ms of each call
 * @throws Error at the first answer that is not the right one
 */
export async function unaryCalls(load: UnaryCalls): Promise<number[]> {
  const { port, operation, calls, firstKey, keys, connections, inFlight, metadata = [] } = load;
  const perConnection = Math.ceil(calls / connections);
  const keyOf = (number: number): string => `chave-${String(firstKey + number).padStart(10, '0')}`;
  const bodyOf = (call: number): Buffer =>
    operation === 'insert'
      ? keyValueFrame(keyOf(call), valueOf(call))
      : keyFrame(keyOf((call * STRIDE) % keys));
  const times = await Promise.all(
    Array.from({ length: connections }, (_, connection) =>
      http2Load({
        port,
        path: operation === 'insert' ? '/kvs.KVS/Insere' : '/kvs.KVS/Consulta',
        calls: perConnection,
        inFlight,
        metadata,
        body: (call) => bodyOf(connection * perConnection + call),
        isRight: operation === 'insert' ? isVersion1 : hasValue,
      }),
    ),
  );
  return times.flatMap((each) => [...each]);
}

/** Whether it is a `Versao` of 1. */
function isVersion1(message: Buffer): boolean {
  return message.length === 2 && message[0] === 8 && message[1] === 1;
}

/** Whether it is a `Tupla` with a value. */
function hasValue(message: Buffer): boolean {
  return message.length > 64;
}
