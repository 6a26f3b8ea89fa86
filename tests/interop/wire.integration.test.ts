import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/ports/engine.js';
import { openStand } from '../support/doors.js';
import type { Stand } from '../support/doors.js';

/** What a client of HTTP/2 sees of a call. */
interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  /** Whether the header fields were all of the answer. */
  readonly isTrailersOnly: boolean;
  readonly data: Buffer;
  /** Code of the RST_STREAM that came, or 0. */
  readonly reset: number;
  readonly afterMs: number;
}

interface Request {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** The client does not half-close. */
  readonly open?: boolean;
}

const UNIMPLEMENTED = '12';
const INTERNAL = '13';
const DEADLINE_EXCEEDED = '4';
const RESOURCE_EXHAUSTED = '8';

const frame = (message: Buffer, flag = 0): Buffer => {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};
const text = (field: number, value: string): Buffer =>
  Buffer.concat([Buffer.from([field * 8 + 2, value.length]), Buffer.from(value)]);
const insert = frame(Buffer.concat([text(1, 'chave'), text(2, 'valor')]));
const VERSION_1 = frame(Buffer.from([8, 1]));

let stand: Stand<Engine>;
let session: ClientHttp2Session;
beforeEach(async () => {
  stand = await openStand();
  session = connect(`http://127.0.0.1:${stand.doors.port}`);
});
afterEach(async () => {
  session.destroy();
  await stand.close();
});

function ask({ path = '/kvs.KVS/Insere', headers, body = insert, open = false }: Request): Promise<Seen> {
  const began = performance.now();
  const stream = session.request(
    {
      ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
      ...headers,
    },
    { endStream: false },
  );
  if (open) stream.write(body);
  else stream.end(body);
  return new Promise((resolve, reject) => {
    let [seen, trailers]: IncomingHttpHeaders[] = [{}, {}];
    let isTrailersOnly = false;
    const pieces: Buffer[] = [];
    stream.on('response', (received, flags) => {
      seen = received;
      isTrailersOnly = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    });
    stream.on('trailers', (received: IncomingHttpHeaders) => (trailers = received));
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', reject);
    stream.on('close', () => {
      const { rstCode: reset } = stream;
      const afterMs = performance.now() - began;
      const data = Buffer.concat(pieces);
      resolve({ headers: seen!, trailers: trailers!, isTrailersOnly, data, reset, afterMs });
    });
  });
}

describe('an answer', () => {
  it('has header fields, one message and trailers', async () => {
    const seen = await ask({});
    expect(seen.headers).toMatchObject({
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-accept-encoding': 'identity',
    });
    expect(seen.headers['grpc-status']).toBeUndefined();
    expect(seen).toMatchObject({ data: VERSION_1, trailers: { 'grpc-status': '0' }, isTrailersOnly: false });
  });

  it.each([
    ['of an operation that is not there', { path: '/kvs.KVS/Nada' }, UNIMPLEMENTED],
    ['of a service that is not there', { path: '/nada.Nada/Nada' }, UNIMPLEMENTED],
    ['of a request that is not protobuf', { body: frame(Buffer.from([0xff])) }, '3'],
    ['of a compressed request', { headers: { 'grpc-encoding': 'gzip' } }, UNIMPLEMENTED],
    ['of a compressed message without grpc-encoding', { body: frame(Buffer.from('x'), 1) }, INTERNAL],
    ['of a message too large', { body: Buffer.from([0, 0, 16, 0, 1, 1]), open: true }, RESOURCE_EXHAUSTED],
    ['of half a message', { body: insert.subarray(0, 8) }, INTERNAL],
    ['of no message', { body: Buffer.alloc(0) }, UNIMPLEMENTED],
    ['of two messages', { body: Buffer.concat([insert, insert]) }, UNIMPLEMENTED],
  ])('%s has its status in the header fields', async (_, request, code) => {
    const seen = await ask(request);
    expect(seen).toMatchObject({ isTrailersOnly: true, data: Buffer.alloc(0), trailers: {} });
    expect(seen.headers).toMatchObject({
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-accept-encoding': 'identity',
      'grpc-status': code,
      'grpc-message': expect.stringMatching(/^[ -~]+$/) as string,
    });
  });

  it('before the client half-closes ends the stream with NO_ERROR', async () => {
    const seen = await ask({ path: '/kvs.KVS/Nada', open: true });
    expect(seen.headers['grpc-status']).toBe(UNIMPLEMENTED);
    expect(seen.reset).toBe(constants.NGHTTP2_NO_ERROR);
    expect(await ask({})).toMatchObject({ data: VERSION_1 });
  });
});

describe('content-type', () => {
  it.each(['application/grpc+proto', 'application/grpc;charset=utf-8', 'application/grpc+proto; a=b'])(
    '%s is taken',
    async (type) => {
      expect(await ask({ headers: { 'content-type': type } })).toMatchObject({ data: VERSION_1 });
    },
  );

  it.each([
    'application/grpc-web',
    'application/grpc-web+proto',
    'application/grpc+json',
    'application/grpcx',
  ])('%s is refused by HTTP', async (type) => {
    const seen = await ask({ headers: { 'content-type': type } });
    expect(seen).toMatchObject({ headers: { ':status': 415 }, trailers: {} });
  });

  it('of gRPC is for POST alone', async () => {
    const seen = await ask({ headers: { ':method': 'PUT' } });
    expect(seen.headers[':status']).toBe(405);
  });
});

it('`te` may be missing, and grpc-encoding may be identity', async () => {
  const headers = { 'content-type': 'application/grpc', 'grpc-encoding': 'identity' };
  const stream = session.request({ ':method': 'POST', ':path': '/kvs.KVS/Insere', ...headers });
  stream.end(insert);
  const trailers = await new Promise<IncomingHttpHeaders>((resolve) => {
    stream.on('trailers', resolve).resume();
  });
  expect(trailers['grpc-status']).toBe('0');
});

describe('grpc-timeout', () => {
  const held = (timeout: string): Promise<Seen> =>
    ask({ path: '/kvs.KVS/InsereVarias', headers: { 'grpc-timeout': timeout }, open: true });

  it.each([
    ['99999999n', 100],
    ['200000u', 200],
    ['200m', 200],
    ['1S', 1000],
  ])('%s ends a call that is still open', async (timeout, ms) => {
    const seen = await held(timeout);
    expect(seen).toMatchObject({ data: VERSION_1, trailers: { 'grpc-status': DEADLINE_EXCEEDED } });
    expect(seen.reset).toBe(constants.NGHTTP2_NO_ERROR);
    // The timer may be a millisecond early; ending the stream takes a moment.
    expect(seen.afterMs).toBeGreaterThan(ms - 5);
    expect(seen.afterMs).toBeLessThan(ms + 900);
  });

  it('of nothing is over at once', async () => {
    const seen = await held('0n');
    expect(seen.headers['grpc-status'] ?? seen.trailers['grpc-status']).toBe(DEADLINE_EXCEEDED);
  });

  it.each(['1M', '1H', '99999999H', '99999999S'])('%s leaves time for a call', async (timeout) => {
    const seen = await ask({ headers: { 'grpc-timeout': timeout } });
    expect(seen).toMatchObject({ data: VERSION_1, trailers: { 'grpc-status': '0' } });
  });

  it.each(['', '1', 'S', '1x', '-1S', '1.5S', '1 S', '123456789S', '1s', '1SS'])(
    '%j is an error',
    async (timeout) => {
      const seen = await ask({ headers: { 'grpc-timeout': timeout } });
      expect(seen.headers).toMatchObject({
        'grpc-status': INTERNAL,
        'grpc-message': 'grpc-timeout inv%C3%A1lido',
      });
    },
  );
});

it('PINGs are all answered', async () => {
  await ask({});
  for (let round = 0; round < 100; round++) {
    const answered = Array.from(
      { length: 10 },
      () => new Promise<Error | null>((resolve) => session.ping(resolve)),
    );
    expect(new Set(await Promise.all(answered))).toEqual(new Set([null]));
  }
  expect(await ask({})).toMatchObject({ trailers: { 'grpc-status': '0' } });
});

it('a server that stops says GOAWAY with NO_ERROR', async () => {
  await ask({});
  const said = new Promise<number>((resolve) => session.once('goaway', resolve));
  await stand.doors.stop();
  expect(await said).toBe(constants.NGHTTP2_NO_ERROR);
});
