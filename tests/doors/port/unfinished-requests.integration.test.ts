import { connect as connectHttp2, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import { portLimits } from '../../../src/doors/port/limits.js';
import { openStand, openStandOn, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { connect } from '../../support/kvs-client.js';
import { AsyncMemoryEngine, MemoryEngine } from '../../support/memory-engine.js';

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

  /** Waits until the server has read what was sent before: it answers a PING in its turn. */
  async isRead(): Promise<void> {
    await new Promise((resolve) => this.session.ping(resolve));
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
      const most = portLimits.unfinishedBytes / MiB;
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

  it('what a call is refused by its header fields for is not read, nor waited for', async () => {
    const request = message(pair('chave', 'valor'));
    // What a client of ours may have to say.
    const session = { 'kvs-outro': 'x'.repeat(limits.sessionTokenBytes), authorization: 'x'.repeat(256) };
    const usual = await stranger.begin(UNARY, request, session);
    const large = { 'kvs-bin': ','.repeat(portLimits.headerBytes) };
    const call = await stranger.begin(UNARY, request, large);
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
  let stand: Stand<MemoryEngine>;
  let stranger: Stranger;
  const held = (): number => stand.doors.usage().unfinishedBytes;

  beforeEach(async () => {
    stand = await openStandOn(new MemoryEngine(), undefined, { unfinishedBytes: MiB });
    stranger = new Stranger(stand.doors.port);
  });
  afterEach(async () => {
    stranger.leave();
    await stand.close();
  });

  it.each([UNARY, STREAM])('%s: given back when the call ends, however it does', async (path) => {
    const calls = await Promise.all([1, 2, 3].map(() => stranger.begin(path, unfinished(100_000))));
    await eventually('tudo chegou', () => held() > 300_000);
    await stranger.isRead();
    // The first bytes of a call of one request are taken for as many as a client may send at first.
    const all = held();
    expect(all).toBeLessThan(3 * (100_000 + 65_535 + 20_000));
    const isOf = (count: number): boolean => Math.abs(held() / all - count / 3) < 0.1;
    calls[0]?.close(constants.NGHTTP2_CANCEL);
    await eventually('devolvido', () => isOf(2));
    calls[1]?.end();
    await eventually('devolvido', () => isOf(1));
    stranger.leave();
    await eventually('devolvido', () => held() === 0);
    expect(stand.doors.refusedCalls.INACABADO).toBe(0);
  });

  it('a call of which nothing comes counts with what it costs, and its header fields', async () => {
    const calls = [await stranger.begin(UNARY, Buffer.alloc(0), { 'kvs-bin': 'A'.repeat(15_000) })];
    await eventually('pesa', () => held() > 12_000 + 15_000);
    while (calls.length < 100) calls.push(await stranger.begin(UNARY, Buffer.alloc(0)));
    expect(await resetOf(calls[0] as ClientHttp2Stream)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(held()).toBeLessThanOrEqual(MiB);
    expect(calls.at(-1)?.closed).toBe(false);
    for (const call of calls) call.close();
    await eventually('devolvido', () => held() === 0);
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
    await eventually('tudo foi lido', () => held() === 0);
    await new Promise((resolve) => call.write(unfinished(1000), resolve));
    await eventually('e conta o que começa', () => held() > 13_000 && held() < 16_000);
    expect(stand.doors.refusedCalls.INACABADO).toBe(0);
    expect(call.closed).toBe(false);
  });

  it('a request that is whole is not counted while the engine works on it', async () => {
    let settle = (): void => undefined;
    const due = new Promise<void>((resolve) => (settle = resolve));
    const engine = new AsyncMemoryEngine();
    const write = engine.write.bind(engine);
    vi.spyOn(engine, 'write').mockImplementation(async (asked) => {
      await due;
      return write(asked);
    });
    const slow = await openStandOn(engine, undefined, { unfinishedBytes: MiB });
    const other = new Stranger(slow.doors.port);
    const request = message(pair('chave', 'v'.repeat(100)));
    const calls = [await other.begin(STREAM, request.subarray(0, 8)), await other.begin(UNARY, request)];
    await eventually('conta os dois', () => slow.doors.usage().unfinishedBytes > 2 * 12_000);
    calls[0]?.write(Buffer.concat([request.subarray(8), request, request]));
    calls[1]?.end();
    await eventually('nada espera pelo cliente', () => slow.doors.usage().unfinishedBytes === 0);
    settle();
    calls[0]?.end();
    for (const call of calls) await eventually('acabou', () => call.closed);
    expect(slow.engine.inner.calls).toBe(4);
    other.leave();
    await slow.close();
  });

  it.each([
    ['at once', false],
    ['when the call has begun', true],
  ])('a second request where one is due is refused, with thousands that come %s', async (_, isLater) => {
    const many = await stranger.begin(UNARY, Buffer.alloc(0));
    if (isLater) await stranger.isRead();
    const refusal = statusOf(many);
    // Requests without content: nothing but heads.
    await new Promise((resolve) => many.write(Buffer.alloc(16_000), resolve));
    expect(await refusal).toBe(status.UNIMPLEMENTED);
    expect(held()).toBe(0);
    expect(await resetOf(many)).toBe(constants.NGHTTP2_NO_ERROR);
    expect(stand.engine.calls).toBe(0);
  });

  it.each([
    ['in one piece', []],
    ['and then the first byte of another', [Buffer.alloc(1)]],
  ])('a request that is whole counts until its client half-closes, %s', async (_, more) => {
    const large = message(pair('chave', 'v'.repeat(100)));
    const one = await stranger.begin(UNARY, Buffer.alloc(0));
    await eventually('conta a chamada', () => held() > 0);
    const before = held();
    for (const piece of [large, ...more]) {
      await new Promise((resolve) => one.write(piece, resolve));
      await stranger.isRead();
    }
    expect(held()).toBeGreaterThanOrEqual(before + large.length - 5);
    one.close();
    await eventually('devolvido', () => held() === 0);
  });

  /** Less than a window of HTTP/2. */
  const REQUESTS = Array.from({ length: 500 }, () => message(pair('chave', 'v'.repeat(100))));

  it('a small request counts with the whole piece that it keeps in memory', async () => {
    const small = await stranger.begin(UNARY, Buffer.alloc(0));
    const other = await stranger.begin(STREAM, Buffer.alloc(0));
    // The server reads at once what is written at once, whatever it belongs to.
    small.write(message(pair('chave', 'valor')));
    await new Promise((resolve) => other.write(Buffer.concat(REQUESTS), resolve));
    await eventually('tudo foi lido', () => stand.engine.calls === REQUESTS.length);
    await new Promise((resolve) => small.write(Buffer.alloc(1), resolve));
    await stranger.isRead();
    expect(held()).toBeGreaterThan(12_000 + 50_000);
    small.close();
    other.close();
    await eventually('devolvido', () => held() === 0);
  });

  it('a request in the smallest pieces costs its bytes, not the pieces', async () => {
    const call = await stranger.begin(UNARY, unfinished(1_000).subarray(0, 6));
    // One piece each: what is written at once is sent at once.
    for (let i = 0; i < 200; i++) {
      await new Promise((resolve) => call.write(Buffer.alloc(1), resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually('pesa pouco', () => held() > 12_000 && held() < 16_000);
  });
});
