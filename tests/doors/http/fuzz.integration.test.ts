import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { RecordingLogger } from '../../support/doors.js';
import { HttpClient } from '../../support/http-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { RawConnection } from '../../support/raw-http.js';
import { baseSeed } from '../../simulation/report.js';
import { realTime } from '../../support/real-time.js';

/** Requests that nobody would write: each is answered, never by an internal error, and none of them disturbs another. */

const seed = baseSeed();
let doors: Doors;
let logger: RecordingLogger;
let clients: readonly HttpClient[];

beforeAll(async () => {
  logger = new RecordingLogger();
  doors = await startDoors({
    port: 0,
    engine: new MemoryEngine(),
    engineHealth: 'e',
    time: realTime,
    logger,
  });
  clients = (['1.1', '2'] as const).map((version) => new HttpClient(doors.port, version));
});
afterAll(async () => {
  for (const client of clients) client.close();
  await doors.stop(0);
});

const PIECES = [
  ...['/v1/chaves', '/v1/chaves/', '/v1/chave', '/v1/historico/', '/v1/lote', '/v1/estado', '/v1', '/', '//'],
  ...[
    '?',
    '&',
    '=',
    'chave',
    'versao',
    'em',
    'ttl',
    'limite',
    'prefixo',
    'so-chaves',
    'depois',
    'a',
    '1',
    '-1',
  ],
  ...['%', '%2', '%2F', '%00', '%C0%AF', '%ED%A0%80', '%E2%82%AC', '%FF', '+', '..', '.', ';', '#', '*', '~'],
];
const target = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 })
  .map((parts) => `/${parts.join('')}`);
const TAGS = ['*', '"1"', 'W/"1"', '"', '""', ',', '"1","2"', '1', '"1@unico"', '\t'];
const headers = fc.dictionary(
  fc.constantFrom(
    ...['accept', 'if-match', 'if-none-match', 'content-type', 'content-encoding', 'range', 'last-event-id'],
    ...['authorization', 'x-kvs-sessao', 'x-kvs-confirmacao', 'idempotency-key', 'x-kvs-tentativa', 'origin'],
  ),
  fc.oneof(
    fc.constantFrom(
      ...TAGS,
      'text/plain',
      'application/json',
      '*/*;q=2',
      'text/plain;q=0',
      'gzip',
      'Bearer x',
      '0',
      '9e9',
    ),
    fc.string({ maxLength: 12 }).map((text) => text.replace(/[^\x20-\x7e]/g, '').trim()),
  ),
  { maxKeys: 4 },
);
const line = fc.oneof(
  fc
    .record({ chave: fc.string({ unit: 'binary', maxLength: 4 }), valor: fc.string({ maxLength: 4 }) })
    .map((pair) => JSON.stringify(pair)),
  fc.constantFrom(
    '',
    '{',
    '[]',
    'null',
    '{"chave":1,"valor":""}',
    '{"__proto__":{},"chave":"a","valor":""}',
    '"\\ud800"',
  ),
);
const body = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.array(line).map((lines) => lines.join('\n')),
);
const method = fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH');

it(`requests of any target, fields and body are answered as they should (seed ${seed})`, async () => {
  const request = fc.record({ client: fc.nat(1), method, target, headers, body });
  await fc.assert(
    fc.asyncProperty(request, async (asked) => {
      const hasBody = asked.method === 'PUT' || asked.method === 'POST';
      const reply = await clients[asked.client]!.ask(asked.method, asked.target, {
        headers: asked.headers,
        ...(hasBody && { body: asked.body }),
      });
      expect(reply.status).not.toBe(500);
      expect(reply.headers['x-content-type-options']).toBe('nosniff');
      if (reply.status < 400 || reply.text === '') return;
      const problem = JSON.parse(reply.text) as Record<string, unknown>;
      expect(problem).toMatchObject({
        status: reply.status,
        codigo: expect.stringMatching(/^[A-Z_]+$/) as string,
      });
    }),
    { numRuns: 300, seed, endOnFailure: true },
  );
  expect(logger.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

it(`bytes that are no requests end their connection with a problem or nothing (seed ${seed})`, async () => {
  const bytes = fc.array(
    fc.oneof(
      fc.constantFrom(
        'GET ',
        'PUT ',
        '/v1/chaves/a',
        ' HTTP/1.1\r\n',
        'Host: localhost\r\n',
        '\r\n',
        '\0',
        '\n',
      ),
      fc.constantFrom(
        'Content-Length: 3\r\n',
        'Transfer-Encoding: chunked\r\n',
        'Expect: 100-continue\r\n',
        '5\r\nabc',
      ),
      fc.uint8Array({ maxLength: 8 }).map((some) => Buffer.from(some).toString('latin1')),
    ),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (parts) => {
      const connection = await RawConnection.open({ port: doors.port });
      connection.write(`X${parts.join('')}\r\n\r\n`);
      connection.socket.end();
      const text = await connection.rest();
      expect(text === '' || /^HTTP\/1\.1 [1245]\d\d /.test(text)).toBe(true);
      expect(text).not.toContain('HTTP/1.1 500');
    }),
    { numRuns: 75, seed, endOnFailure: true },
  );
});
