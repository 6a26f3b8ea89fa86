import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpLimits } from '../../../src/doors/http/limits.js';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import type { Time } from '../../../src/ports/time.js';
import { tlsLimits } from '../../../src/security/tls/limits.js';
import { RecordingLogger } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { KvsClient } from '../../support/kvs-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { getText, RawConnection, rawExchange } from '../../support/raw-http.js';
import { realTime } from '../../support/real-time.js';

/** So much faster go the time-outs of the port. */
const FASTER = 20;
const time: Time = { ...realTime, after: (ms, call) => realTime.after(ms / FASTER, call) };
const HEADERS_MS = httpLimits.headersMs / FASTER;

let doors: Doors;
let logger: RecordingLogger;
const opened: RawConnection[] = [];

async function openDoors(clock: Time): Promise<void> {
  logger = new RecordingLogger();
  const options = { port: 0, engine: new MemoryEngine(), engineHealth: 'e', logger };
  doors = await startDoors({ ...options, time: clock, bounds: { connections: 20 } });
  doors.setServing(true);
}

beforeEach(() => openDoors(time));
afterEach(async () => {
  for (const connection of opened.splice(0)) connection.destroy();
  await doors.stop(0);
});

async function open(bytes = ''): Promise<RawConnection> {
  const connection = await RawConnection.open({ port: doors.port });
  opened.push(connection);
  if (bytes !== '') connection.write(bytes);
  return connection;
}

/** A GET after which the connection stays. */
function keptGet(path: string): string {
  return getText(path).replace('Connection: close\r\n', '');
}

function statuses({ text }: RawConnection): readonly string[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '');
}

async function closesAfter(connection: RawConnection, deadlineMs: number): Promise<number> {
  const start = performance.now();
  await connection.rest(deadlineMs);
  return performance.now() - start;
}

describe('time-outs', () => {
  it('cut whoever sends a request too slowly, also in single bytes, and a second one', async () => {
    const stalled = await open('GET / HTTP/1.1\r\nHost: localhost\r\nX: ');
    const again = await open(`${keptGet('/')}GET / HTTP/1.1\r\nX: `);
    const dribbling = await open('GET / HTTP/1.1\r\nX: ');
    const timer = setInterval(() => {
      dribbling.write('x');
      again.write('x');
    }, 20);
    const took = await Promise.all(
      [stalled, again, dribbling].map((one) => closesAfter(one, HEADERS_MS * 4)),
    );
    clearInterval(timer);
    for (const ms of took) expect(ms).toBeGreaterThan(HEADERS_MS * 0.6);
    expect(statuses(again)).toEqual(['200']);
    expect(statuses(stalled)).toEqual([]);
  });

  it('cut whoever has sent too little to show a protocol', async () => {
    for (const bytes of ['P', 'PR']) {
      const connection = await open(bytes);
      const ms = await closesAfter(connection, (tlsLimits.handshakeMs / FASTER) * 4);
      expect(ms).toBeGreaterThan((tlsLimits.handshakeMs / FASTER) * 0.6);
    }
  });

  it('cut whoever sends a body without end, which is dropped, and never asks again', async () => {
    const head = keptGet('/')
      .replace('GET', 'POST')
      .replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n');
    const connection = await open(head);
    const timer = setInterval(() => {
      if (!connection.isClosed) connection.write(`400\r\n${'x'.repeat(1024)}\r\n`);
    }, 5);
    await closesAfter(connection, HEADERS_MS * 4);
    clearInterval(timer);
    expect(statuses(connection)).toEqual(['405']);
  });

  it('cut whoever asks and reads no answer', async () => {
    const connection = await open();
    connection.socket.pause();
    const many = keptGet('/').repeat(20_000);
    // Until neither side's buffers take more.
    for (let n = 0; n < 40; n++) connection.write(many);
    await new Promise((resolve) => setTimeout(resolve, HEADERS_MS * 0.8));
    expect([connection.isClosed, connection.socket.writableLength > 0]).toEqual([false, true]);
    // What moved at first counts for one more look.
    await new Promise((resolve) => setTimeout(resolve, (2 * httpLimits.answerMs) / FASTER));
    connection.socket.resume();
    await connection.rest();
    expect(statuses(connection).length).toBeLessThan(40_000);
  });

  it('close a connection that says nothing between two requests, and let it ask meanwhile', async () => {
    const connection = await open(keptGet('/pronto'));
    await connection.until((one) => one.text.includes('"pronto": true'));
    await new Promise((resolve) => setTimeout(resolve, HEADERS_MS * 0.5));
    connection.write(keptGet('/pronto'));
    await connection.until((one) => statuses(one).length === 2);
    const ms = await closesAfter(connection, HEADERS_MS * 4);
    expect(ms).toBeGreaterThan(HEADERS_MS * 0.6);
  });
});

describe('a request', () => {
  it('may follow others at once: all are answered, in their order', async () => {
    const paths = ['/saude', '/nada', '/pronto', '/'];
    const connection = await open(paths.map(keptGet).join('') + getText('/nada'));
    await connection.rest();
    expect(statuses(connection)).toEqual(['503', '404', '200', '200', '404']);
  });

  it('may bring a body, which is not part of the next one', async () => {
    const post = (fields: string, body: string): string =>
      `POST / HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n\r\n${body}`;
    const inside = getText('/dentro');
    const connection = await open(
      post(`Content-Length: ${inside.length}`, inside) +
        post('Transfer-Encoding: chunked', `${inside.length.toString(16)}\r\n${inside}\r\n0\r\n\r\n`) +
        getText('/pronto'),
    );
    await connection.rest();
    expect(statuses(connection)).toEqual(['405', '405', '200']);
  });

  it('that waits for leave to send its body gets its answer, and no leave', async () => {
    const connection = await open(
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
    );
    await connection.rest();
    expect(statuses(connection)).toEqual(['405']);
  });

  it('HEAD has the fields of GET and no body', async () => {
    const [get, head] = await Promise.all([
      rawExchange({ port: doors.port }, getText('/saude')),
      rawExchange({ port: doors.port }, getText('/saude').replace('GET', 'HEAD')),
    ]);
    const [fields, body] = get.split('\r\n\r\n');
    expect(body).toContain('"bem": false');
    expect(head.replace(/Date: .*/, '')).toBe(`${fields}\r\n\r\n`.replace(/Date: .*/, ''));
  });

  it.each([
    [
      'Upgrade to h2c',
      'GET',
      '/pronto',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk',
      '200',
    ],
    [
      'Upgrade to WebSocket',
      'GET',
      '/pronto',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13',
      '200',
    ],
    ['an absolute target', 'GET', 'http://localhost/pronto', '', '200'],
    ['an absolute target of another host', 'GET', 'http://pagina.example/pronto', '', '400'],
    ['two hosts', 'GET', '/pronto', 'Host: pagina.example', '400'],
    ['another expectation', 'GET', '/pronto', 'Expect: milagre', '417'],
    ['one expectation more', 'GET', '/pronto', 'Expect: 100-continue, milagre', '417'],
    ['gRPC', 'POST', '/kvs.KVS/Insere', 'Content-Type: application/grpc', '505'],
    [
      'gRPC from a page',
      'POST',
      '/kvs.KVS/Insere',
      'Content-Type: application/grpc\r\nOrigin: http://pagina.example',
      '403',
    ],
    ['odd encodings', 'GET', '/%00%ff%zz%', '', '404'],
    ['a path as long as may come', 'GET', `/${'a'.repeat(8191)}`, '', '404'],
    ['a long path', 'GET', `/${'a'.repeat(8192)}`, '', '414'],
    ['a path that is longer than all fields', 'GET', `/${'a'.repeat(40_000)}`, '', '414'],
    ['as many fields as may come', 'GET', '/pronto', Array(47).fill('X: a').join('\r\n'), '200'],
    ['one field more', 'GET', '/pronto', Array(48).fill('X: a').join('\r\n'), '431'],
    ['a field that is too long', 'GET', '/pronto', `X: ${'a'.repeat(17_000)}`, '431'],
    ['both lengths', 'POST', '/', 'Content-Length: 5\r\nTransfer-Encoding: chunked', '400'],
    ['an own method', 'ABRE', '/', '', '400'],
    ['everything', 'OPTIONS', '*', '', '204'],
  ])('%s: its answer is right and short', async (_, method, path, field, status) => {
    const fields = field === '' ? '' : `${field}\r\n`;
    const connection = await open(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`);
    await connection.until((one) => one.isClosed || /\r\n\r\n/.test(one.text));
    expect(statuses(connection)).toEqual([status]);
    expect(connection.text.length).toBeLessThan(1000);
  });

  it('CONNECT, and none of a Host, are refused', async () => {
    expect(
      await rawExchange({ port: doors.port }, 'CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n'),
    ).not.toContain(' 200 ');
    for (const target of ['/', 'http://localhost/']) {
      const text = `GET ${target} HTTP/1.1\r\nConnection: close\r\n\r\n`;
      expect(await rawExchange({ port: doors.port }, text)).toContain(' 400 ');
    }
    expect(await rawExchange({ port: doors.port }, 'GET / HTTP/1.0\r\n\r\n')).toContain(' 403 ');
  });

  it.each([
    ['no Host', 'GET /pronto HTTP/1.1\r\nConnection: close\r\n\r\n', 'Host'],
    ['another expectation', 'GET /pronto HTTP/1.1\r\nHost: localhost\r\nExpect: milagre\r\n\r\n', 'milagre'],
    ['no request', 'ABRE / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'HTTP/1.1'],
  ])('%s is told by a document, under the protection of all answers', async (_, bytes, told) => {
    const [head = '', body = ''] = (await rawExchange({ port: doors.port }, bytes)).split('\r\n\r\n');
    expect(head.toLowerCase()).toContain('content-type: application/problem+json');
    expect(head.toLowerCase()).toContain('x-content-type-options: nosniff');
    const { codigo, detail } = JSON.parse(body) as { codigo: string; detail: string };
    expect([codigo, detail]).toEqual(['PEDIDO_INVALIDO', expect.stringContaining(told)]);
  });

  it('with very many fields is refused', async () => {
    const fields = Array.from({ length: 1000 }, (_, n) => `X${n}: 1`);
    expect(
      await rawExchange({ port: doors.port }, getText('/pronto', ['Host: localhost', ...fields])),
    ).toContain('HTTP/1.1 431 ');
  });
});

describe('connections of HTTP/1.1', () => {
  it('give way to newer ones, and never to nobody', async () => {
    const first = await open(keptGet('/pronto'));
    await first.until((one) => statuses(one).length === 1);
    for (let n = 0; n < 30; n++) await open('GET ');
    await first.rest();
    const client = new KvsClient(doors.port);
    expect((await client.insere('chave', 'valor')).versao).toBe(1);
    client.close();
    expect(await rawExchange({ port: doors.port }, getText('/pronto'))).toContain('"pronto": true');
    expect(doors.refused.CONEXOES).toBeGreaterThan(5);
  });

  it('without a request end at once when the server stops, as do those that have said too little', async () => {
    await doors.stop(0);
    // None of its time-outs ends them meanwhile.
    await openDoors(realTime);
    await open();
    const kept = await open(keptGet('/pronto'));
    await kept.until((one) => statuses(one).length === 1);
    const half = await open('GET / HT');
    const undecided = await open('P');
    // Who has said nothing came before these, and does not count yet.
    await eventually('all have come', () => doors.usage().connections === 3);
    const start = performance.now();
    await doors.stop(5_000);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    await Promise.all([kept, half, undecided].map((one) => one.rest(1_000)));
  });

  it('whose client does not read end with the time for stopping', async () => {
    const deaf = await open();
    deaf.socket.pause();
    for (let n = 0; n < 40; n++) deaf.write(keptGet('/').repeat(20_000));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const start = performance.now();
    await doors.stop(300);
    const took = performance.now() - start;
    expect(took).toBeGreaterThan(250);
    expect(took).toBeLessThan(1_000);
  });
});
