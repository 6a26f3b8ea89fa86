import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { grpcLimits } from '../../../src/doors/grpc/limits.js';
import { openStand, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import type { MemoryEngine } from '../../support/memory-engine.js';

const { metadataFields, metadataPieces, refusalsPerConnection, refusalsAtOnce, headerPairs } = grpcLimits;
/** `chave` and `valor`, as the contract encodes them, with the head of a message. */
const REQUEST = Buffer.from('\0\0\0\0\x0e\x0a\x05chave\x12\x05valor');
const COMMAS: OutgoingHttpHeaders = { 'a-bin': ','.repeat(3_600), 'b-bin': ','.repeat(3_600) };

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

/** A whole call: its status, or the code with which it was reset. */
async function call(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}): Promise<string> {
  const stream = begin(session, headers);
  stream.end(REQUEST);
  return endOf(stream);
}

async function endOf(stream: ClientHttp2Stream): Promise<string> {
  let heard: string | undefined;
  const hear = (headers: object): void => {
    if ('grpc-status' in headers) heard = `status ${String(headers['grpc-status'])}`;
  };
  stream.on('response', hear).on('trailers', hear);
  await new Promise((resolve) => (stream.closed ? resolve(undefined) : stream.once('close', resolve)));
  return heard ?? `reset ${String(stream.rstCode)}`;
}

const fields = (count: number, value: string): OutgoingHttpHeaders =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`kvs-${n}-bin`, value]));
const REFUSED = `status ${status.RESOURCE_EXHAUSTED}`;

describe('metadata of a call are bounded by number', () => {
  it.each<[string, OutgoingHttpHeaders]>([
    ['values between commas', COMMAS],
    ['values between commas, a few in each field', fields(10, 'AAAA,'.repeat(metadataPieces / 10))],
    ['fields', fields(metadataFields, 'AAAA')],
    ['bytes', { a: 'x'.repeat(16_400) }],
  ])('%s: refused before the library makes anything of them', async (_, headers) => {
    const made = vi.spyOn(Metadata, 'fromHttp2Headers');
    const session = stranger();
    expect(await call(session, headers)).toBe(REFUSED);
    expect(made).not.toHaveBeenCalled();
    expect(stand.doors.refusedCalls.METADADOS).toBe(1);
    expect(await call(session, { ':path': '/nada.Nada/Nada', ...headers })).toBe(REFUSED);
    // Whoever stays within them is served on the same connection.
    expect(await call(session, fields(metadataFields / 2, 'AAAA,AAAA'))).toBe('status 0');
    expect(made).toHaveBeenCalled();
    made.mockRestore();
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
      stream.sendTrailers({ a: 'x'.repeat(16_400) });
    });
    stream.write(REQUEST.subarray(0, 8));
    stream.end();
    await endOf(stream);
    await eventually('counted', () => stand.doors.refusedCalls.METADADOS === 1);
  });
});

describe('a connection whose calls are refused for their metadata', () => {
  it('is asked to go after some, and what is under way on it ends as usual', async () => {
    const session = stranger();
    const goaway = vi.fn();
    session.on('goaway', goaway);
    const long = begin(session);
    long.write(REQUEST.subarray(0, 8));
    for (let n = 1; n < refusalsPerConnection; n++) expect(await call(session, COMMAS)).toBe(REFUSED);
    expect(session.closed).toBe(false);
    expect(await call(session, COMMAS)).toBe(REFUSED);
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
    const made = vi.spyOn(Metadata, 'fromHttp2Headers');
    const ends = Array.from({ length: 10 * refusalsAtOnce }, () => call(session, COMMAS));
    await Promise.all(ends);
    await eventually('gone', () => session.destroyed);
    expect(stand.doors.refusedCalls.METADADOS).toBeLessThanOrEqual(refusalsAtOnce);
    expect(made).not.toHaveBeenCalled();
    made.mockRestore();
    expect((await stand.client.insere('outra', 'valor')).versao).toBe(1);
  });

  it('costs an honest client no more than to connect anew: each call has its status', async () => {
    const metadata = new Metadata();
    metadata.set('kvs-outro', 'x'.repeat(16_400));
    const client = new Client(`127.0.0.1:${stand.doors.port}`, credentials.createInsecure());
    const same = (bytes: Buffer): Buffer => bytes;
    const insert = (sent: Metadata): Promise<string> =>
      new Promise((resolve) => {
        client.makeUnaryRequest('/kvs.KVS/Insere', same, same, REQUEST.subarray(5), sent, (error) => {
          resolve(error === null ? 'OK' : error.details);
        });
      });
    for (let n = 0; n < 3 * refusalsPerConnection; n++) {
      expect(await insert(metadata)).toContain('16384 bytes');
    }
    expect(await insert(new Metadata())).toBe('OK');
    client.close();
  });
});
