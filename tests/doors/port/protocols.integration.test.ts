import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Transport } from '../../../src/security/tls/transport.js';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { TestCertificates } from '../../support/certificates.js';
import { RecordingLogger } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { KvsClient } from '../../support/kvs-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { getText, RawConnection, rawExchange } from '../../support/raw-http.js';
import type { RawWay } from '../../support/raw-http.js';
import { realTime } from '../../support/real-time.js';

let files: TestCertificates;
let ca: Buffer;
let plain: Doors;
let secure: Doors;
const engine = new MemoryEngine();

beforeAll(async () => {
  files = await TestCertificates.make();
  ca = await readFile(files.ca);
  const { certificate, key } = await files.server('servidor');
  const logger = new RecordingLogger();
  const tls = await Transport.open({ certificate, key }, false, realTime, logger);
  const options = { port: 0, engine, engineHealth: 'kvs.frota', time: realTime, logger };
  plain = await startDoors(options);
  secure = await startDoors({ ...options, tls });
  for (const doors of [plain, secure]) {
    doors.setServing(true);
    doors.setEngine(true);
  }
});
afterAll(async () => {
  await Promise.all([plain.stop(0), secure.stop(0)]);
  await files.remove();
});

/** What a client of HTTP/2 begins with: the preface and empty SETTINGS. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
/** Sent by a server that has read all of it: SETTINGS with the flag ACK. */
const ACKNOWLEDGED = Buffer.from('000000040100000000', 'hex');

function isUnderstood({ received }: RawConnection): boolean {
  return received.includes(ACKNOWLEDGED);
}

const PLAIN = 'without TLS';
const WAYS = [PLAIN, 'TLS without ALPN', 'TLS and http/1.1', 'TLS and a choice of both'] as const;

function wayOf(name: (typeof WAYS)[number]): RawWay {
  if (name === PLAIN) return { port: plain.port };
  const protocols = { 'TLS without ALPN': [], 'TLS and http/1.1': ['http/1.1'] }[name as string];
  return { port: secure.port, tls: { ca, protocols: protocols ?? ['http/1.1', 'h2'] } };
}

describe.each(WAYS.slice(0, 3))('a client %s', (name) => {
  it('speaks HTTP/1.1', async () => {
    const text = await rawExchange(wayOf(name), getText('/pronto'));
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain('"pronto": true');
  });

  it('speaks HTTP/2 by its first bytes, in single ones', async () => {
    const connection = await RawConnection.open(wayOf(name));
    for (const byte of PREFACE) {
      connection.write(Buffer.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await connection.until(isUnderstood);
    connection.destroy();
  });

  it.each(['POST', 'PUT', 'PATCH', 'PROPFIND'])(
    '%s begins as HTTP/2 does, in single bytes',
    async (method) => {
      const connection = await RawConnection.open(wayOf(name));
      for (const letter of method) {
        connection.write(letter);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      connection.write(' / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      expect(await connection.rest()).toMatch(
        /^HTTP\/1\.1 405 Method Not Allowed\r\n[^]*allow: GET, HEAD, OPTIONS\r\n/i,
      );
    },
  );

  it.each([1, 2, 3, 4, 17, 23, 24, 25])('the preface may be cut after byte %i', async (bytes) => {
    const connection = await RawConnection.open(wayOf(name));
    connection.write(PREFACE.subarray(0, bytes));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isUnderstood(connection)).toBe(false);
    connection.write(PREFACE.subarray(bytes));
    await connection.until(isUnderstood);
    connection.destroy();
  });

  it.each([
    ['words', 'ola, porta\r\n\r\n'],
    ['zeros', '\0'.repeat(100)],
    ['PRI of another version', 'PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n'],
    ['PRI and words', 'PRIVADO\r\n\r\n'],
    ['MQTT', '\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06pagina'],
  ])('of %s is answered or not, and its connection ends', async (_, bytes) => {
    const text = await rawExchange(wayOf(name), bytes);
    // HTTP/2 says its SETTINGS before it looks at anything, and GOAWAY.
    if (bytes.startsWith('PRI')) expect(text).toContain('\x00\x00');
    else expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });
});

it('gRPC and HTTP are served on one port, with TLS and without, at once', async () => {
  for (const [doors, security] of [
    [plain, undefined],
    [secure, { ca }],
  ] as const) {
    const client = new KvsClient(doors.port, '127.0.0.1', security);
    const way = { port: doors.port, ...(security && { tls: { ca, protocols: ['http/1.1'] } }) };
    const asked = [1, 2, 3].flatMap((n) => [
      client.insere(`chave ${n}`, 'valor'),
      rawExchange(way, getText('/saude')),
    ]);
    const [, text] = await Promise.all(asked);
    expect(text).toContain('"bem": true');
    expect(await client.consulta('chave 3')).toMatchObject({ valor: 'valor' });
    client.close();
  }
});

it('a TLS client at the port without TLS is told so', async () => {
  const before = plain.refused.EXIGE_TLS;
  const hello = Buffer.from('16030100050100000100', 'hex');
  expect(await rawExchange({ port: plain.port }, hello)).toMatch(
    /^HTTP\/1\.1 400 [^]*esta porta fala sem TLS\n$/,
  );
  expect(plain.refused.EXIGE_TLS).toBe(before + 1);
});

it.each([
  ['HTTP/1.1', getText('/')],
  ['HTTP/2', PREFACE],
])('a client of %s without TLS at the port with TLS is cut and counted', async (_, bytes) => {
  const total = (): number => Object.values(secure.refused).reduce((sum, count) => sum + count, 0);
  const before = total();
  expect(await rawExchange({ port: secure.port }, bytes)).not.toContain('HTTP/1.1 200');
  await eventually('counted', () => total() === before + 1);
});

describe('curl', () => {
  const curl = (...args: readonly string[]): Promise<string> => {
    const all = ['--silent', '--max-time', '5', '--write-out', '%{http_code} %{http_version}', ...args];
    return new Promise((resolve, reject) => {
      execFile('curl', all, (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`curl: ${String(error.code)} ${stdout}`));
      });
    });
  };
  const https = (): readonly string[] => ['--cacert', files.ca];

  it.each([
    ['1.1', ['--http1.1']],
    ['2', ['--http2-prior-knowledge']],
    // A plain client may ask to go on in HTTP/2, and is served in HTTP/1.1.
    ['1.1', ['--http2']],
    ['1.0', ['--http1.0']],
  ])('speaks HTTP/%s without TLS by %s', async (version, options) => {
    const text = await curl(...options, `http://localhost:${plain.port}/pronto`);
    expect(text).toBe(`{\n  "pronto": true\n}\n200 ${version}`.replace('200 1.0', '200 1.1'));
  });

  it.each([
    ['2', []],
    ['1.1', ['--http1.1']],
    ['1.1', ['--no-alpn']],
  ])('speaks HTTP/%s with TLS by %s', async (version, options) => {
    const text = await curl(...https(), ...options, `https://localhost:${secure.port}/pronto`);
    expect(text).toBe(`{\n  "pronto": true\n}\n200 ${version}`);
  });

  it.each([
    ['a body', ['--data-binary', 'x'.repeat(100_000)], '405'],
    [
      'a body that waits to be asked for',
      ['-H', 'Expect: 100-continue', '--data-binary', 'x'.repeat(100_000)],
      '405',
    ],
    ['HEAD', ['--head'], '200'],
    ['OPTIONS', ['-X', 'OPTIONS'], '204'],
    ['another host', ['-H', 'Host: pagina.example'], '403'],
    ['another origin', ['-H', 'Origin: null'], '403'],
    ['what calls itself gRPC in a GET', ['-H', 'content-type: application/grpc'], '405 2,505 1.1'],
    ['gRPC-Web', ['-H', 'content-type: application/grpc-web', '-d', 'x'], '415 2,505 1.1'],
    ['JSON for gRPC', ['-H', 'content-type: application/json', '-d', '{}'], '405'],
  ])('%s has the same answer by HTTP/1.1 and HTTP/2', async (_, options, expected) => {
    const url = `http://127.0.0.1:${plain.port}/saude`;
    for (const version of ['--http1.1', '--http2-prior-knowledge']) {
      const end = version === '--http1.1' ? '1.1' : '2';
      const text = await curl(version, ...options, url);
      const wanted = expected.includes(',')
        ? expected.split(',').find((one) => one.endsWith(` ${end}`))
        : `${expected} ${end}`;
      expect(text.slice(-wanted!.length)).toBe(wanted);
    }
  });
});
