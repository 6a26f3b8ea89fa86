import { connect as connectHttp2, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import { grpcLimits } from '../../../src/doors/grpc/limits.js';
import { admitAll } from '../../../src/call/admission.js';
import { kvsService } from '../../../src/doors/grpc/kvs/definition.js';
import { handlersOf } from '../../../src/doors/grpc/calls/handlers.js';
import { OpenStreams } from '../../../src/doors/grpc/open-streams.js';
import { RefusedCalls } from '../../../src/doors/grpc/bounds/refused-calls.js';
import { UnfinishedRequests } from '../../../src/doors/grpc/bounds/unfinished-requests.js';
import { openStand, RecordingLogger, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { connect } from '../../support/kvs-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { realTime } from '../../support/real-time.js';

const MiB = 1024 * 1024;
const UNARY = '/kvs.KVS/Insere';
const STREAM = '/kvs.KVS/InsereVarias';
const HEALTH = '/grpc.health.v1.Health/Check';

/** Speaks HTTP/2 and no more: what no client of gRPC would do. */
class Stranger {
  readonly session: ClientHttp2Session;

  constructor(port: number) {
    // Without bounds of its own.
    this.session = connectHttp2(`http://127.0.0.1:${port}`, { maxSessionMemory: 4_000 });
    this.session.on('error', () => undefined);
  }

  /** Begins a call, sends these bytes, and leaves it open. */
  async begin(path: string, bytes: Buffer, headers: object = {}): Promise<ClientHttp2Stream> {
    const stream = this.session.request({
      ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
      ...headers,
    });
    stream.on('error', () => undefined);
    stream.resume();
    await new Promise((resolve) => stream.write(bytes, resolve));
    return stream;
  }

  leave(): void {
    this.session.destroy();
  }
}

/** A message with its head, and with only so many of its bytes. */
function message(body: Buffer, sent = body.length, packed = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(packed);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body.subarray(0, sent)]);
}

function unfinished(bytes: number): Buffer {
  return message(Buffer.alloc(bytes + 1), bytes);
}

/** `chave` and `valor`, as the contract encodes them. */
function pair(key: string, value: string): Buffer {
  const field = (number: number, text: string): Buffer =>
    Buffer.concat([Buffer.from([number * 8 + 2, text.length]), Buffer.from(text)]);
  return Buffer.concat([field(1, key), field(2, value)]);
}

/** How the server ended a call: the code of its RST_STREAM. */
function resetOf(stream: ClientHttp2Stream): Promise<number> {
  return eventually('o servidor corta a chamada', () => stream.closed && { code: stream.rstCode }).then(
    ({ code }) => code,
  );
}

function statusOf(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve) => {
    stream.once('response', (headers) => {
      resolve(Number(headers['grpc-status']));
    });
  });
}

describe('requests that never come in whole', () => {
  let stand: Stand<MemoryEngine>;
  let stranger: Stranger;

  beforeEach(async () => {
    stand = await openStand();
    stranger = new Stranger(stand.doors.port);
  });
  afterEach(async () => {
    stranger.leave();
    await stand.close();
  });

  it.each([UNARY, HEALTH, STREAM])(
    'of %s: the oldest give way, and others are served',
    async (path) => {
      const most = grpcLimits.unfinishedBytes / MiB;
      const calls: ClientHttp2Stream[] = [];
      for (let i = 0; i < most + 8; i++) calls.push(await stranger.begin(path, unfinished(MiB - 10)));
      // What pieces cost comes on top, so that at least these are too many.
      for (const old of calls.slice(0, 8)) {
        expect(await resetOf(old)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      }
      const kept = calls.filter(({ closed }) => !closed).length;
      expect(kept).toBeGreaterThan(most / 2);
      expect(kept).toBeLessThanOrEqual(most);
      const other = connect(stand.doors.port);
      expect((await other.insere('chave', 'x'.repeat(limits.valueBytes))).versao).toBe(1);
      other.close();
      expect(stand.doors.refusedCalls).toMatchObject({ INACABADO: calls.length - kept });
      const told = stand.logger.lines.filter(({ message: said }) => said === 'chamada recusada (gRPC)');
      expect(told.map(({ fields }) => fields)).toEqual([{ motivo: 'INACABADO', origem: '127.0.0.1' }]);
    },
    30_000,
  );

  it('metadata are bounded before the library makes objects of them', async () => {
    const request = message(pair('chave', 'valor'));
    // What a client of ours may have to say.
    const session = { 'kvs-outro': 'x'.repeat(limits.sessionTokenBytes), authorization: 'x'.repeat(256) };
    const usual = await stranger.begin(UNARY, request, session);
    const large = Array.from({ length: 6 }, () => ','.repeat(3_000));
    const call = await stranger.begin(UNARY, request, { 'kvs-bin': large });
    expect(await statusOf(call)).toBe(status.RESOURCE_EXHAUSTED);
    // Neither does it stay, though it goes on: its client has the status.
    expect(await resetOf(call)).toBe(constants.NGHTTP2_NO_ERROR);
    expect(stand.doors.refusedCalls).toMatchObject({ METADADOS: 1, INACABADO: 0 });
    expect(stand.engine.calls).toBe(0);
    usual.end();
    await eventually('o outro é atendido', () => stand.engine.calls === 1);
  });

  it.each([
    ['at once', 0],
    ['after others were answered', 3],
  ])('a stream that was refused %s ends, whether or not its client does', async (_, before) => {
    const good = Array.from({ length: before }, (__, n) => message(pair(`chave${n}`, 'valor')));
    const call = await stranger.begin(STREAM, Buffer.concat([...good, message(Buffer.from([0xff]))]));
    const statuses: number[] = [];
    const heard = (headers: object): void => {
      if ('grpc-status' in headers) statuses.push(Number(headers['grpc-status']));
    };
    call.on('response', heard);
    call.on('trailers', heard);
    expect(await resetOf(call)).toBe(constants.NGHTTP2_NO_ERROR);
    expect(statuses).toEqual([status.INVALID_ARGUMENT]);
  });

  it('compressed ones are refused before they are unpacked', async () => {
    for (const encoding of ['gzip', 'deflate']) {
      const packed = message(gzipSync(pair('chave', 'valor')), undefined, 1);
      const call = await stranger.begin(UNARY, packed, { 'grpc-encoding': encoding });
      expect(await statusOf(call)).toBe(status.UNIMPLEMENTED);
      expect(await resetOf(call)).toBe(constants.NGHTTP2_NO_ERROR);
    }
    expect(stand.engine.calls).toBe(0);
    expect(stand.doors.refusedCalls.COMPRIMIDO).toBe(2);
  });
});

describe('what is held of them', () => {
  const engine = new MemoryEngine();
  const logger = new RecordingLogger();
  let refused: RefusedCalls;
  let requests: UnfinishedRequests;
  let server: Server;
  let stranger: Stranger;

  beforeEach(async () => {
    refused = new RefusedCalls(realTime, logger);
    requests = new UnfinishedRequests(refused, MiB);
    server = new Server({ interceptors: [requests.interceptor] });
    const observe = (): void => undefined;
    const context = {
      engine,
      admit: admitAll(engine),
      observe,
      time: realTime,
      openStreams: new OpenStreams(),
    };
    const service = kvsService(3);
    server.addService(service.definition, handlersOf(service, context));
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
    stranger = new Stranger(port);
  });
  afterEach(() => {
    stranger.leave();
    server.forceShutdown();
  });

  it.each([UNARY, STREAM])('%s: given back when the call ends, however it does', async (path) => {
    const calls = await Promise.all([1, 2, 3].map(() => stranger.begin(path, unfinished(100_000))));
    await eventually('tudo chegou', () => requests.heldBytes > 300_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The first bytes of a call of one request are taken for as many as a client may send at first.
    const all = requests.heldBytes;
    expect(all).toBeLessThan(3 * (100_000 + 65_535 + 20_000));
    const isOf = (count: number): boolean => Math.abs(requests.heldBytes / all - count / 3) < 0.1;
    calls[0]?.close(constants.NGHTTP2_CANCEL);
    await eventually('devolvido', () => isOf(2));
    calls[1]?.end();
    await eventually('devolvido', () => isOf(1));
    stranger.leave();
    await eventually('devolvido', () => requests.heldBytes === 0);
    expect(refused.counts.INACABADO).toBe(0);
  });

  it('a call of which nothing comes counts with what it costs, and its metadata', async () => {
    const metadata = { 'kvs-bin': Array.from({ length: 20 }, () => 'AAAA') };
    const calls = [await stranger.begin(UNARY, Buffer.alloc(0), metadata)];
    await eventually('pesa', () => requests.heldBytes > 15_000);
    while (calls.length < 100) calls.push(await stranger.begin(UNARY, Buffer.alloc(0)));
    expect(await resetOf(calls[0] as ClientHttp2Stream)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(requests.heldBytes).toBeLessThanOrEqual(MiB);
    expect(calls.at(-1)?.closed).toBe(false);
    for (const call of calls) call.close();
    await eventually('devolvido', () => requests.heldBytes === 0);
  });

  it('a stream that goes on for longer than all room holds nothing between its requests', async () => {
    const call = await stranger.begin(STREAM, Buffer.alloc(0));
    const request = message(pair('chave', 'v'.repeat(100)));
    for (let sent = 0; sent < 2 * MiB; sent += 100 * request.length) {
      // Cut anywhere: also within a head.
      const block = Buffer.concat(Array.from({ length: 100 }, () => request));
      const at = 3 + (sent % block.length);
      for (const piece of [block.subarray(0, at), block.subarray(at)]) {
        await new Promise((resolve) => call.write(piece, resolve));
      }
    }
    await eventually('tudo foi lido', () => requests.heldBytes === 0);
    await new Promise((resolve) => call.write(unfinished(1000), resolve));
    await eventually('e conta o que começa', () => requests.heldBytes > 1000 && requests.heldBytes < 3000);
    expect(refused.counts.INACABADO).toBe(0);
    expect(call.closed).toBe(false);
  });

  it.each([
    ['at once', 0],
    ['after a while', 100],
  ])('a second request where one is due counts, with thousands that come %s', async (_, pauseMs) => {
    const many = await stranger.begin(UNARY, Buffer.alloc(0));
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    // Requests without content: nothing but heads.
    await new Promise((resolve) => many.write(Buffer.alloc(16_000), resolve));
    await eventually('pesa como milhares', () => requests.heldBytes > 500_000);
    // The library has answered that one request was due.
    expect(await resetOf(many)).toBe(constants.NGHTTP2_NO_ERROR);
    await eventually('devolvido', () => requests.heldBytes === 0);
    const large = message(pair('chave', 'v'.repeat(100)));
    const one = await stranger.begin(UNARY, Buffer.concat([large, unfinished(1)]));
    await eventually('e o primeiro fica contado', () => requests.heldBytes > large.length);
    one.close();
    await eventually('devolvido', () => requests.heldBytes === 0);
  });

  it('a request in the smallest pieces costs more than its bytes', async () => {
    const call = await stranger.begin(UNARY, unfinished(1_000).subarray(0, 6));
    // One piece each: what is written at once is sent at once.
    for (let i = 0; i < 200; i++) {
      await new Promise((resolve) => call.write(Buffer.alloc(1), resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually('pesa mais do que 206 bytes', () => requests.heldBytes > 2_000);
  });
});
