import { http2Load } from './http2-load.js';
import { keyFrame, keyValueFrame, valueOf } from './messages.js';

/** A step coprime to any count of keys that is used: visits all of them in an order without locality. */
const STRIDE = 7_919;

/** Unary calls with a key of its own for each. */
export interface UnaryCalls {
  readonly port: number;
  /** Who signed the server's certificate, in PEM: with it, the calls go over TLS. */
  readonly ca?: string | undefined;
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
  /** Called when every connection has made its first call; the others wait until it is over. */
  readonly opened?: () => Promise<void> | void;
}

/**
 * Makes the calls, the same number on each connection.
 * @returns ms of each call
 * @throws Error at the first answer that is not the right one
 */
export async function unaryCalls(load: UnaryCalls): Promise<number[]> {
  const { port, operation, calls, firstKey, keys, connections, inFlight, metadata = [] } = load;
  const opened = load.opened && onceAll(connections, load.opened);
  const perConnection = Math.ceil(calls / connections);
  const bodyOf = (call: number): Buffer =>
    operation === 'insert'
      ? keyValueFrame(keyOf(firstKey + call), valueOf(call))
      : keyFrame(keyOf(firstKey + ((call * STRIDE) % keys)));
  const times = await Promise.all(
    Array.from({ length: connections }, (_, connection) =>
      http2Load({
        port,
        ca: load.ca,
        opened,
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

/** Key of a unary call by its number. */
export function keyOf(number: number): string {
  return `chave-${String(number).padStart(10, '0')}`;
}

/** Whether it is a `Versao` of 1. */
function isVersion1(message: Buffer): boolean {
  return message.length === 2 && message[0] === 8 && message[1] === 1;
}

/** Whether it is a `Tupla` with a value. */
function hasValue(message: Buffer): boolean {
  return message.length > 64;
}

/** @returns what resolves for all its callers once so many have called it and `then` is over */
function onceAll(callers: number, then: () => Promise<void> | void): () => Promise<void> {
  let arrive: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const over = arrived.then(then);
  let missing = callers;
  return () => {
    if (--missing === 0) arrive();
    return over;
  };
}
