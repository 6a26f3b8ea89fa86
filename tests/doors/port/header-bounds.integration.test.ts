import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { portLimits } from '../../../src/doors/port/limits.js';
import { openStand, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import type { MemoryEngine } from '../../support/memory-engine.js';

const { headerBytes, headerFields, headerPairs, refusalsPerConnection, refusalsAtOnce } = portLimits;
/** `chave` and `valor`, as the contract encodes them, with the head of a message. */
const REQUEST = Buffer.from('\0\0\0\0\x0e\x0a\x05chave\x12\x05valor');

let stand: Stand<MemoryEngine>;
const sessions: ClientHttp2Session[] = [];
beforeEach(async () => {
  stand = await openStand();
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await stand.close();
});

function stranger(): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${stand.doors.port}`);
  session.on('error', () => undefined);
  sessions.push(session);
  return session;
}

function begin(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const stream = session.request(
    { ':method': 'POST', ':path': '/kvs.KVS/Insere', 'content-type': 'application/grpc', ...headers },
    { waitForTrailers: 'x' in headers },
  );
  return stream.on('error', () => undefined).resume();
}

/** A whole call: its status, that of HTTP if it is not gRPC, or the code with which it was reset. */
async function call(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}): Promise<string> {
  const stream = begin(session, headers);
  stream.end(REQUEST);
  return endOf(stream);
}

async function endOf(stream: ClientHttp2Stream): Promise<string> {
  let heard: string | undefined;
  const hear = (headers: object): void => {
    if ('grpc-status' in headers) heard = `status ${String(headers['grpc-status'])}`;
    else if (':status' in headers && headers[':status'] !== 200) heard = `HTTP ${String(headers[':status'])}`;
  };
  stream.on('response', hear).on('trailers', hear);
  await new Promise((resolve) => (stream.closed ? resolve(undefined) : stream.once('close', resolve)));
  return heard ?? `reset ${String(stream.rstCode)}`;
}

function fields(count: number, value: string): OutgoingHttpHeaders {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`kvs-${n}-bin`, value]));
}

const TOO_MANY = fields(headerFields, 'AAAA');
const TOO_LARGE: OutgoingHttpHeaders = { a: 'x'.repeat(headerBytes) };
const REFUSED = `status ${status.RESOURCE_EXHAUSTED}`;

describe('header fields of a request are bounded', () => {
  it.each<[string, OutgoingHttpHeaders]>([
    ['number', TOO_MANY],
    ['bytes', TOO_LARGE],
    ['bytes, as HTTP/2 counts each field', fields(32, 'x'.repeat(headerBytes / 32 - 40))],
  ])('in %s: refused before anything is made of it, whatever it asks for', async (_, headers) => {
    const session = stranger();
    expect(await call(session, headers)).toBe(REFUSED);
    expect(stand.engine.calls).toBe(0);
    expect(stand.doors.refusedCalls.METADADOS).toBe(1);
    expect(await call(session, { ':path': '/nada.Nada/Nada', ...headers })).toBe(REFUSED);
    expect(await call(session, { 'content-type': 'text/plain', ...headers })).toBe('HTTP 431');
    expect(stand.doors.refusedCalls.METADADOS).toBe(3);
    // Whoever stays within them is served on the same connection.
    expect(await call(session, fields(headerFields / 2, 'AAAA,AAAA'))).toBe('status 0');
  });

  it.each<[string, OutgoingHttpHeaders]>([
    ['commas', { 'a-bin': ','.repeat(7_000), 'b-bin': ','.repeat(7_000) }],
    ['no base64', { 'a-bin': '!'.repeat(14_000) }],
    ['a percent sign alone', { 'a-bin': '%', 'kvs-outro': '%' }],
  ])('binary ones are not parsed: %s cost no more than other text', async (_, headers) => {
    expect(await call(stranger(), headers)).toBe('status 0');
    expect(stand.doors.refusedCalls.METADADOS).toBe(0);
  });

  it('what not even HTTP/2 takes is reset, and the connection stays', async () => {
    const session = stranger();
    expect(await call(session, fields(headerPairs, 'AAAA'))).toBe(
      `reset ${constants.NGHTTP2_ENHANCE_YOUR_CALM}`,
    );
    expect(await call(session)).toBe('status 0');
  });

  it('as trailers, which no client of gRPC sends, they are refused and counted like any', async () => {
    const session = stranger();
    const stream = begin(session, { x: '' });
    stream.once('wantTrailers', () => {
      stream.sendTrailers(TOO_LARGE);
    });
    stream.write(REQUEST.subarray(0, 8));
    stream.end();
    await endOf(stream);
    await eventually('counted', () => stand.doors.refusedCalls.METADADOS === 1);
  });
});

describe('a connection whose calls are refused for their header fields', () => {
  it('is asked to go after some, and what is under way on it ends as usual', async () => {
    const session = stranger();
    const goaway = vi.fn();
    session.on('goaway', goaway);
    const long = begin(session);
    long.write(REQUEST.subarray(0, 8));
    for (let n = 1; n < refusalsPerConnection; n++) expect(await call(session, TOO_MANY)).toBe(REFUSED);
    expect(session.closed).toBe(false);
    expect(await call(session, TOO_MANY)).toBe(REFUSED);
    await eventually('asked to go', () => session.closed);
    expect(goaway.mock.calls[0]?.[0]).toBe(constants.NGHTTP2_NO_ERROR);
    long.end(REQUEST.subarray(8));
    expect(await endOf(long)).toBe('status 0');
    await eventually('gone', () => session.destroyed);
  });

  it('is not looked at any further when much more comes at once than anybody does by mistake', async () => {
    const session = stranger();
    await once(session, 'connect');
    expect(await call(session)).toBe('status 0');
    const { calls } = stand.engine;
    const ends = Array.from({ length: 10 * refusalsAtOnce }, () => call(session, TOO_MANY));
    await Promise.all(ends);
    await eventually('gone', () => session.destroyed);
    expect(stand.doors.refusedCalls.METADADOS).toBeLessThanOrEqual(refusalsAtOnce);
    expect(stand.engine.calls).toBe(calls);
    expect((await stand.client.insere('outra', 'valor')).versao).toBe(1);
  });

  it('costs an honest client no more than to connect anew: each call has its status', async () => {
    const metadata = new Metadata();
    metadata.set('kvs-outro', 'x'.repeat(headerBytes));
    const client = new Client(`127.0.0.1:${stand.doors.port}`, credentials.createInsecure());
    const same = (bytes: Buffer): Buffer => bytes;
    const insert = (sent: Metadata): Promise<string> =>
      new Promise((resolve) => {
        client.makeUnaryRequest('/kvs.KVS/Insere', same, same, REQUEST.subarray(5), sent, (error) => {
          resolve(error === null ? 'OK' : error.details);
        });
      });
    for (let n = 0; n < 3 * refusalsPerConnection; n++) {
      expect(await insert(metadata)).toContain(`${headerBytes} bytes`);
    }
    expect(await insert(new Metadata())).toBe('OK');
    client.close();
  });
});
