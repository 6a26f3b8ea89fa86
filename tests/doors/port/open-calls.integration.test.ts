import { once } from 'node:events';
import type { EventEmitter } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import { method } from '../../support/door-client.js';
import { openStandOn, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { HostileClient } from '../../support/hostile-client.js';
import {
  callFields,
  dataFrame,
  frameFlag,
  frameType,
  headersFrame,
  hpackFields,
  http2Frame,
  pingFrame,
  resetFrame,
} from '../../support/http2-frames.js';
import { connect } from '../../support/kvs-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';

const MiB = 1024 * 1024;
/** More than the calls that one test makes for its answers. */
const STREAMS = 40;

/** `ChaveVersao` with its head: the key `chave`. */
const REQUEST = Buffer.from([0, 0, 0, 0, 7, 10, 5, ...Buffer.from('chave')]);

const INITIAL_WINDOW_SIZE = 4;

/** Header fields of a call that goes on. */
function opening(
  path: string,
  contentType = 'application/grpc',
  more: readonly (readonly [string, string])[] = [],
): Buffer {
  const fields = callFields(path, more).map(
    ([name, value]) => [name, name === 'content-type' ? contentType : value] as const,
  );
  return headersFrame(1, hpackFields(fields), frameFlag.END_HEADERS);
}

/** Lets the server send nothing that has a body. */
class Deaf {
  readonly session: ClientHttp2Session;

  constructor(port: number) {
    this.session = connectHttp2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 0 } });
    this.session.on('error', () => undefined);
  }

  async ask(path: string): Promise<ClientHttp2Stream> {
    const stream = this.session.request({
      ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
    });
    stream.on('error', () => undefined);
    await new Promise((resolve) => stream.write(REQUEST, resolve));
    return stream;
  }
}

describe('calls that go on', () => {
  let stand: Stand<MemoryEngine>;
  let port: number;
  let deaf: Deaf;
  const openCalls = (): number => stand.doors.usage().openCalls;

  beforeEach(async () => {
    stand = await openStandOn(new MemoryEngine(), undefined, { unreadBytes: MiB, streams: STREAMS });
    port = stand.doors.port;
    deaf = new Deaf(port);
    await stand.client.insere('chave', 'x'.repeat(limits.valueBytes));
  });
  afterEach(async () => {
    deaf.session.destroy();
    await stand.close();
  });

  it.each(['/kvs.KVS/Consulta', '/kvs.KVS/ConsultaVarias'])(
    'answers of %s that nobody takes: those that have waited longest give way, and others are served',
    async (path) => {
      const first = await deaf.ask(path);
      if (path.endsWith('Consulta')) first.end();
      await eventually('a primeira espera', () => openCalls() === 1);
      await new Promise((resolve) => setTimeout(resolve, 250));
      const calls: ClientHttp2Stream[] = [];
      for (let i = 0; i < 20; i++) {
        const call = await deaf.ask(path);
        if (path.endsWith('Consulta')) call.end();
        calls.push(call);
      }
      await eventually('a primeira foi cortada', () => first.closed);
      expect(first.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      await eventually('o resto cabe', () => calls.filter(({ closed }) => !closed).length < 16);
      expect(calls.filter(({ closed }) => !closed).length).toBeGreaterThan(8);
      expect(calls.at(-1)?.closed).toBe(false);
      const other = connect(port);
      expect((await other.consulta('chave')).versao).toBe(1);
      other.close();
      expect(stand.doors.refusedCalls.NAO_LIDO).toBeGreaterThan(5);
      expect(stand.logger.lines.filter(({ fields }) => 'motivo' in fields)).toHaveLength(1);
      deaf.session.destroy();
      await eventually('nada fica', () => openCalls() === 0);
    },
  );

  it('streams are bounded in number, calls of one request go on, and a stream that ends makes room', async () => {
    const client = connect(port);
    const { path, requestSerialize, responseDeserialize } = method(client.service, 'ConsultaVarias');
    const open = (): EventEmitter & { cancel(): void } =>
      client.raw.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const streams = Array.from({ length: STREAMS }, open);
    for (const stream of streams) stream.on('error', () => undefined);
    await eventually('todos abertos', () => openCalls() === STREAMS);
    const [refusal] = (await once(open(), 'error')) as [{ code: number }];
    expect(refusal.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(stand.doors.refusedCalls.FLUXOS).toBe(1);
    expect((await client.consulta('chave')).versao).toBe(1);
    streams[0]?.cancel();
    await eventually('há lugar', () => openCalls() < STREAMS);
    const { resposta } = await client.consultaVarias(['chave']);
    expect(resposta[0]?.versao).toBe(1);
    client.close();
  });

  it('who takes answers is never in the way, however much it asks for', async () => {
    const client = connect(port);
    for (let i = 0; i < 5; i++) {
      const asked = Array.from({ length: 10 }, () => client.consulta('chave'));
      for (const { versao } of await Promise.all(asked)) expect(versao).toBe(1);
    }
    client.close();
    expect(stand.doors.refusedCalls.NAO_LIDO).toBe(0);
  });

  it.each<[string, Buffer]>([
    ['an answer', Buffer.concat([opening('/kvs.KVS/Consulta'), dataFrame(1, REQUEST, frameFlag.END_STREAM)])],
    ['answers', Buffer.concat([opening('/kvs.KVS/ConsultaVarias'), dataFrame(1, REQUEST)])],
    ['a refusal', opening('/kvs.KVS/Consulta', 'application/grpc+json')],
    ['a page', opening('/', 'text/plain')],
    [
      'a page refused',
      opening(
        '/',
        'text/plain',
        Array.from({ length: 50 }, (_, n) => [`x-${n}`, '']),
      ),
    ],
  ])(
    '%s that nobody takes is let go of when the client resets the call without an error',
    async (_, call) => {
      const client = await HostileClient.greet({ port }, [INITIAL_WINDOW_SIZE, 0]);
      await client.send(call);
      await eventually('it is answered', () => client.count(frameType.HEADERS) === 1);
      await eventually('it waits for its client', () => openCalls() === 1);
      await client.send(resetFrame(1, constants.NGHTTP2_NO_ERROR));
      await client.send(http2Frame(frameType.GOAWAY, 0, 0, Buffer.alloc(8)));
      await eventually('the session needs nothing more', () => client.isClosed());
      expect(openCalls()).toBe(0);
    },
  );

  it.each(['/kvs.KVS/Consulta', '/kvs.KVS/ConsultaVarias', '/'])(
    'a request of %s that is reset as soon as it has begun is let go of',
    async (path) => {
      const client = await HostileClient.greet({ port });
      const call = opening(path, path === '/' ? 'text/plain' : undefined);
      const reset = resetFrame(1, constants.NGHTTP2_NO_ERROR);
      await client.send(Buffer.concat([call, dataFrame(1, REQUEST), reset, pingFrame()]));
      await eventually('it has come', () => client.answeredPings === 1);
      await client.send(http2Frame(frameType.GOAWAY, 0, 0, Buffer.alloc(8)));
      await eventually('the session needs nothing more', () => client.isClosed());
    },
  );
});
