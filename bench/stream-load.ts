/**
 * A load generator for `InsereVarias`: several calls at once, each over a connection of its own, many requests in one
 * write, since what a client library costs for each message would be all that is measured.
 *
 *     node stream-load.js <port> <streams> <items> <prefix>
 *
 * Keys are `<prefix>-<stream>-<number>`. Prints one JSON object.
 */
import { connect } from 'node:http2';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { keyValueFrame, valueOf } from './support/messages.js';

const CHUNK_BYTES = 32 * 1024;
const PREFIX_BYTES = 5;
/** Bytes of a `Versao` that is no −1, prefix included. */
const ANSWER_BYTES_MAX = PREFIX_BYTES + 6;

const [port, streams, items, prefix] = process.argv.slice(2);
const perStream = Math.ceil(Number(items) / Number(streams));

async function converse(number: number): Promise<number> {
  const session = connect(`http://127.0.0.1:${String(port)}`, {
    settings: { initialWindowSize: 1024 * 1024 },
  });
  const stream = session.request({
    ':method': 'POST',
    ':path': '/kvs.KVS/InsereVarias',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const answers = countAnswers(stream);
  await Promise.all([write(stream, number), answers]);
  session.close();
  return answers;
}

async function write(stream: ClientHttp2Stream, number: number): Promise<void> {
  let chunk: Buffer[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const room = stream.write(Buffer.concat(chunk));
    chunk = [];
    bytes = 0;
    if (!room) await new Promise((resolve) => stream.once('drain', resolve));
  };
  for (let i = 0; i < perStream; i++) {
    const item = keyValueFrame(`${String(prefix)}-${number}-${String(i).padStart(7, '0')}`, valueOf(i));
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

const startMs = performance.now();
const counts = await Promise.all(Array.from({ length: Number(streams) }, (_, number) => converse(number)));
const seconds = (performance.now() - startMs) / 1000;
if (counts.some((count) => count !== perStream))
  throw new Error(`answers: ${counts.join(', ')}, not ${perStream} each`);
console.log(JSON.stringify({ items: perStream * Number(streams), perStream, seconds }));
