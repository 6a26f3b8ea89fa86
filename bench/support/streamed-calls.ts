import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { keyFrame, keyValueFrame, valueOf } from './messages.js';

const CHUNK_BYTES = 32 * 1024;
const PREFIX_BYTES = 5;

/** Inserts of new keys, `<prefix>-<stream>-<number>`, the same number over each of so many calls. */
export interface StreamedInserts {
  readonly port: number;
  readonly streams: number;
  readonly items: number;
  readonly prefix: string;
  /** Connections that are open already, one for each call. */
  readonly sessions?: readonly ClientHttp2Session[] | undefined;
}

/**
 * Makes the calls, each over a connection of its own, many requests in one write, since what a client library costs
 * for each message would be all that is measured.
 * @returns the number of inserts on each stream
 * @throws Error unless every request was answered
 */
export function streamedInserts(inserts: StreamedInserts): Promise<number> {
  const frameOf: FrameOf = (key, number) => keyValueFrame(key, valueOf(number));
  return streamed(inserts, 'InsereVarias', frameOf, isVersion);
}

/** Removes what {@link streamedInserts} inserted, likewise. */
export function streamedRemovals(inserts: StreamedInserts): Promise<number> {
  return streamed(inserts, 'RemoveVarias', keyFrame, isVersion);
}

/** Queries what {@link streamedInserts} inserted, likewise. */
export function streamedQueries(inserts: StreamedInserts): Promise<number> {
  return streamed(inserts, 'ConsultaVarias', keyFrame, isTuple);
}

/**
 * Asks for a snapshot again and again on each of the connections.
 * @returns rows that came in all
 */
export async function snapshots(sessions: readonly ClientHttp2Session[], times: number): Promise<number> {
  const rows = await Promise.all(
    sessions.map(async (session) => {
      let count = 0;
      for (let i = 0; i < times; i++) {
        const stream = request(session, 'Snapshot');
        stream.end(Buffer.alloc(PREFIX_BYTES));
        count += await countAnswers(stream, isRow);
      }
      return count;
    }),
  );
  return rows.reduce((sum, count) => sum + count, 0);
}

/** Opens streams of `ConsultaVarias` on each of the connections that stay after one query, until the connection ends. */
export async function openStreams(
  sessions: readonly ClientHttp2Session[],
  each: number,
  key: string,
): Promise<void> {
  const streams = sessions.flatMap((session) =>
    Array.from({ length: each }, () => request(session, 'ConsultaVarias')),
  );
  await Promise.all(
    streams.map(async (stream) => {
      stream.write(keyFrame(key));
      await Promise.race([once(stream, 'data'), endOf(stream)]);
    }),
  );
}

/** @throws Error once a stream ends that should stay */
async function endOf(stream: ClientHttp2Stream): Promise<void> {
  await once(stream, 'close');
  throw new Error('a stream ended that should stay open');
}

/** Connections to a server. @param ca who signed its certificate, in PEM: with it, they speak TLS */
export async function openSessions(
  port: number,
  ca: string | undefined,
  count: number,
): Promise<ClientHttp2Session[]> {
  const sessions = Array.from({ length: count }, () => session(port, ca));
  await Promise.all(sessions.map((each) => once(each, 'connect')));
  return sessions;
}

/** Whether an answer of so many bytes is the one that is expected. */
type IsRight = (bytes: number) => boolean;

/** Of a `Versao` that is no −1. */
const isVersion: IsRight = (bytes) => bytes <= PREFIX_BYTES + 6;
/** Of a `Tupla` with a value. */
const isTuple: IsRight = (bytes) => bytes > PREFIX_BYTES + 64;
/** Of any `Tupla` that is not blank. */
const isRow: IsRight = (bytes) => bytes > PREFIX_BYTES;

type FrameOf = (key: string, number: number) => Buffer;

async function streamed(
  { port, streams, items, prefix, sessions }: StreamedInserts,
  method: string,
  frameOf: FrameOf,
  isRight: IsRight,
): Promise<number> {
  const perStream = Math.ceil(items / streams);
  const counts = await Promise.all(
    Array.from({ length: streams }, async (_, number) => {
      const frames = (i: number): Buffer => frameOf(keyOf(`${prefix}-${number}`, i), i);
      const own = sessions?.[number] ?? session(port, undefined);
      const stream = request(own, method);
      const answers = countAnswers(stream, isRight);
      await Promise.all([write(stream, frames, perStream), answers]);
      if (sessions === undefined) own.close();
      return answers;
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

function session(port: number, ca: string | undefined): ClientHttp2Session {
  const opened = connect(`${ca === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, {
    settings: { initialWindowSize: 1024 * 1024 },
    ...(ca === undefined ? {} : { ca, servername: 'localhost' }),
  });
  // An error that matters also ends the streams.
  opened.on('error', () => undefined);
  return opened;
}

function request(session: ClientHttp2Session, method: string): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/kvs.KVS/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  // Whoever waits for the answers is told; it may also come after that.
  stream.on('error', () => undefined);
  return stream;
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
async function countAnswers(stream: ClientHttp2Stream, isRight: IsRight): Promise<number> {
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
      if (!isRight(size)) throw new Error('a request was refused');
      if (bytes.length - at < size) break;
      at += size;
      count++;
    }
    rest = bytes.subarray(at);
  }
  if (status !== '0') throw new Error(`the call ended with status ${String(status)}`);
  return count;
}
