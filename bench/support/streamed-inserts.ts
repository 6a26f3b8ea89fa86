import { connect } from 'node:http2';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { keyFrame, keyValueFrame, valueOf } from './messages.js';

const CHUNK_BYTES = 32 * 1024;
const PREFIX_BYTES = 5;
/** Bytes of a `Versao` that is no −1, prefix included. */
const ANSWER_BYTES_MAX = PREFIX_BYTES + 6;

/** Inserts of new keys, `<prefix>-<stream>-<number>`, the same number over each of so many calls. */
export interface StreamedInserts {
  readonly port: number;
  readonly streams: number;
  readonly items: number;
  readonly prefix: string;
}

/**
 * Makes the calls, each over a connection of its own, many requests in one write, since what a client library costs
 * for each message would be all that is measured.
 * @returns the number of inserts on each stream
 * @throws Error unless every request was answered
 */
export function streamedInserts(inserts: StreamedInserts): Promise<number> {
  return streamed(inserts, 'InsereVarias', (key, number) => keyValueFrame(key, valueOf(number)));
}

/** Removes what {@link streamedInserts} inserted, likewise. */
export function streamedRemovals(inserts: StreamedInserts): Promise<number> {
  return streamed(inserts, 'RemoveVarias', keyFrame);
}

type FrameOf = (key: string, number: number) => Buffer;

async function streamed(
  { port, streams, items, prefix }: StreamedInserts,
  method: string,
  frameOf: FrameOf,
): Promise<number> {
  const perStream = Math.ceil(items / streams);
  const counts = await Promise.all(
    Array.from({ length: streams }, (_, number) => {
      const frames = (i: number): Buffer => frameOf(keyOf(`${prefix}-${number}`, i), i);
      return converse(port, method, frames, perStream);
    }),
  );
  if (counts.some((count) => count !== perStream))
    throw new Error(`answers: ${counts.join(', ')}, not ${perStream} each`);
  return perStream;
}

/** The last key of each stream. */
export function lastKeys({ streams, prefix }: StreamedInserts, perStream: number): string[] {
  return Array.from({ length: streams }, (_, number) => keyOf(`${prefix}-${number}`, perStream - 1));
}

function keyOf(prefix: string, number: number): string {
  return `${prefix}-${String(number).padStart(7, '0')}`;
}

async function converse(
  port: number,
  method: string,
  frames: (i: number) => Buffer,
  items: number,
): Promise<number> {
  const session = connect(`http://127.0.0.1:${port}`, {
    settings: { initialWindowSize: 1024 * 1024 },
  });
  // An error that matters also ends the stream.
  session.on('error', () => undefined);
  const stream = session.request({
    ':method': 'POST',
    ':path': `/kvs.KVS/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  // Whoever waits for the answers is told; it may also come after that.
  stream.on('error', () => undefined);
  const answers = countAnswers(stream);
  await Promise.all([write(stream, frames, items), answers]);
  session.close();
  return answers;
}

async function write(stream: ClientHttp2Stream, frames: (i: number) => Buffer, items: number): Promise<void> {
  let chunk: Buffer[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const room = stream.write(Buffer.concat(chunk));
    chunk = [];
    bytes = 0;
    if (!room) await new Promise((resolve) => stream.once('drain', resolve));
  };
  for (let i = 0; i < items; i++) {
    const item = frames(i);
    chunk.push(item);
    bytes += item.length;
    if (bytes >= CHUNK_BYTES) await flush();
  }
  await flush();
  stream.end();
}

/** @throws Error at a refused request, and unless the call ends with OK */
async function countAnswers(stream: ClientHttp2Stream): Promise<number> {
  let status: unknown;
  stream.on('trailers', (trailers: IncomingHttpHeaders) => {
    status = trailers['grpc-status'];
  });
  let rest: Buffer = Buffer.alloc(0);
  let count = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let at = 0;
    while (bytes.length - at >= PREFIX_BYTES) {
      const size = PREFIX_BYTES + bytes.readUInt32BE(at + 1);
      if (size > ANSWER_BYTES_MAX) throw new Error('a request was refused');
      if (bytes.length - at < size) break;
      at += size;
      count++;
    }
    rest = bytes.subarray(at);
  }
  if (status !== '0') throw new Error(`the call ended with status ${String(status)}`);
  return count;
}
