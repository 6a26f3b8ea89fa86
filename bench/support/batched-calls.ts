import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { frame, pairsMessage, valueOf } from './messages.js';

const PREFIX_BYTES = 5;

/** `GravaLote` calls, each of so many pairs with new keys, `<prefix>-<number>`. */
export interface BatchedInserts {
  readonly port: number;
  readonly calls: number;
  readonly pairs: number;
  readonly connections: number;
  readonly inFlight: number;
  readonly prefix: string;
}

/**
 * Makes the calls; their bodies are made before, since they would be most of what is measured.
 * @returns seconds
 * @throws Error unless every pair of every call was given a version
 */
export async function batchedInserts(load: BatchedInserts): Promise<number> {
  const { port, calls, pairs, connections, inFlight } = load;
  const bodies = Array.from({ length: calls }, (_, call) =>
    frame(
      pairsMessage(
        Array.from({ length: pairs }, (_pair, i) => [keyOf(load, call * pairs + i), valueOf(i)] as const),
      ),
    ),
  );
  const sessions = Array.from({ length: connections }, () => connect(`http://127.0.0.1:${port}`));
  await Promise.all(sessions.map((session) => once(session, 'connect')));
  const startMs = performance.now();
  let next = 0;
  const client = async (session: ClientHttp2Session): Promise<void> => {
    for (let call = next++; call < calls; call = next++) await write(session, bodies[call] as Buffer, pairs);
  };
  await Promise.all(sessions.flatMap((session) => Array.from({ length: inFlight }, () => client(session))));
  const seconds = (performance.now() - startMs) / 1000;
  for (const session of sessions) session.close();
  return seconds;
}

/** The last key of all calls. */
export function lastBatchedKey(load: BatchedInserts): string {
  return keyOf(load, load.calls * load.pairs - 1);
}

function keyOf({ prefix }: BatchedInserts, number: number): string {
  return `${prefix}-${String(number).padStart(9, '0')}`;
}

/** @throws Error unless the answer has a version for each pair, and no refusal */
async function write(session: ClientHttp2Session, body: Buffer, pairs: number): Promise<void> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/frota.v1.Loja/GravaLote',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(body);
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  const answer = Buffer.concat(pieces);
  if (answer.length < PREFIX_BYTES + pairs)
    throw new Error(`a batch was answered with ${answer.length} bytes`);
  // Versions are 1 for new keys: field 1, packed, one byte each, and nothing after them.
  const packed = answer.subarray(answer.length - pairs);
  if (!packed.every((version) => version === 1)) throw new Error('a pair of a batch was refused');
}
