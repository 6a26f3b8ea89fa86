import { connect } from 'node:http2';
import type { ClientHttp2Stream } from 'node:http2';

const FRAME_HEAD_BYTES = 5;
const CHUNK_BYTES = 32 * 1024;

/**
 * Inserts through `InsereVarias` of the server on this port of 127.0.0.1, many requests in one write: what a client
 * library costs for each message would make a million of them slow.
 * @param pairs keys and values of at most 127 bytes each, ASCII
 * @throws Error unless every request is answered with a version and the call ends with OK
 */
export function bulkInsert(port: number, pairs: Iterable<readonly [string, string]>): Promise<number> {
  return bulk(port, 'InsereVarias', pairs);
}

/** Removes keys through `RemoveVarias`, likewise. @throws Error unless every key existed */
export function bulkRemove(port: number, keys: Iterable<string>): Promise<number> {
  return bulk(port, 'RemoveVarias', alone(keys));
}

function* alone(keys: Iterable<string>): Generator<readonly [string]> {
  for (const key of keys) yield [key];
}

type Fields = readonly [key: string, value?: string];

async function bulk(port: number, method: string, items: Iterable<Fields>): Promise<number> {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 1024 * 1024 } });
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/kvs.KVS/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const answers = readAnswers(stream);
    answers.catch(() => undefined);
    const sent = await send(stream, items, answers);
    const accepted = await answers;
    if (accepted !== sent) throw new Error(`${sent} requests and ${accepted} versions`);
    return accepted;
  } finally {
    session.destroy();
  }
}

async function send(
  stream: ClientHttp2Stream,
  items: Iterable<Fields>,
  over: Promise<unknown>,
): Promise<number> {
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let used = 0;
  let sent = 0;
  const flush = async (): Promise<void> => {
    const room = stream.write(chunk.subarray(0, used));
    chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    used = 0;
    if (!room) await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), over]);
  };
  for (const [key, value] of items) {
    const size = 2 + key.length + (value === undefined ? 0 : 2 + value.length);
    if (used + FRAME_HEAD_BYTES + size > CHUNK_BYTES) await flush();
    chunk[used] = 0;
    used = chunk.writeUInt32BE(size, used + 1);
    used = writeText(chunk, used, 1, key);
    if (value !== undefined) used = writeText(chunk, used, 2, value);
    sent++;
  }
  await flush();
  stream.end();
  return sent;
}

/** A field of a protobuf message that is text. */
function writeText(chunk: Buffer, at: number, field: number, text: string): number {
  if (text.length > 127) throw new Error('longer than one byte of length can say');
  chunk[at] = (field << 3) | 2;
  chunk[at + 1] = text.length;
  return at + 2 + chunk.write(text, at + 2, 'latin1');
}

/** The number of answers with a version; −1 takes ten bytes, a version at most five. */
async function readAnswers(stream: ClientHttp2Stream): Promise<number> {
  let rest: Buffer = Buffer.alloc(0);
  let accepted = 0;
  let status: unknown;
  stream.on('trailers', (trailers: Record<string, unknown>) => {
    status = trailers['grpc-status'];
  });
  for await (const piece of stream as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let at = 0;
    while (bytes.length - at >= FRAME_HEAD_BYTES) {
      const size = bytes.readUInt32BE(at + 1);
      if (bytes.length - at < FRAME_HEAD_BYTES + size) break;
      if (size > 6) throw new Error('a request was refused');
      accepted++;
      at += FRAME_HEAD_BYTES + size;
    }
    rest = bytes.subarray(at);
  }
  if (status !== '0') throw new Error(`the call ended with ${String(status)}`);
  return accepted;
}
