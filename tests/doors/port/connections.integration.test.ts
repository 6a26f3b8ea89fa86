import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { connect as connectSocket, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tlsLimits } from '../../../src/security/tls/limits.js';
import { Connections } from '../../../src/doors/port/connections.js';
import { portLimits } from '../../../src/doors/port/limits.js';
import { startDoors } from '../../../src/doors/start.js';
import { accessControl } from '../../../src/security/access/control.js';
import { tokenText } from '../../../src/ports/access.js';
import { credential, secretOf, TableStand } from '../../security/access/support.js';
import { openStand, openStandOn, RecordingLogger, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { connect, kvsDefinition, type KvsClient } from '../../support/kvs-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { realTime } from '../../support/real-time.js';
import { SilentCall } from '../../support/silent-call.js';

let stand: Stand<MemoryEngine>;
const cleanUps: (() => void)[] = [];
beforeEach(async () => {
  stand = await openStand();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
  await stand.close();
});

/** Connections to the doors that say nothing by themselves. */
async function knock(count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  // In parts: what a port has no room for in its queue may count as connected on one side alone, for ever.
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(100, count - sockets.length) }, () =>
      connectSocket(stand.doors.port, '127.0.0.1')
        .on('error', () => undefined)
        .resume(),
    );
    sockets.push(...some);
    await Promise.all(some.map((socket) => once(socket, 'connect')));
  }
  return sockets;
}

/** A port that hands what comes on to the doors, in pieces of so many bytes, and only when nothing more comes. */
async function chopped(bytes: number): Promise<number> {
  const relay = createServer((client) => {
    const server = connectSocket({ port: stand.doors.port, host: '127.0.0.1', noDelay: true });
    let waiting = Buffer.alloc(0);
    let timer: NodeJS.Timeout | undefined;
    const hand = (): void => {
      const piece = waiting.subarray(0, bytes);
      waiting = waiting.subarray(bytes);
      server.write(piece);
      if (waiting.length > 0) setImmediate(hand);
    };
    client.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      clearTimeout(timer);
      timer = setTimeout(hand, 100);
    });
    server.pipe(client);
    for (const socket of [client, server]) {
      socket.on('error', () => undefined);
      cleanUps.push(() => socket.destroy());
    }
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  cleanUps.push(() => relay.close());
  return (relay.address() as AddressInfo).port;
}

describe('the first byte of a connection', () => {
  it.each([
    ['one piece, larger than a socket buffers by itself', Number.MAX_SAFE_INTEGER],
    ['pieces of 7 bytes', 7],
    ['single bytes', 1],
  ])('loses nothing of a call that comes in %s', async (_, bytes) => {
    const valor = 'v'.repeat(bytes > 7 ? 60_000 : 300);
    const body = kvsDefinition['Insere']?.requestSerialize({ chave: 'chave', valor });
    if (body === undefined) throw new Error('no such method');
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length, 1);
    const call = new SilentCall(await chopped(bytes), '/kvs.KVS/Insere');
    cleanUps.push(() => {
      call.disconnect();
    });
    call.send(Buffer.concat([head, body]));
    call.halfClose();
    expect(await call.readAll()).toBeGreaterThan(0);
    expect(await stand.client.consulta('chave')).toMatchObject({ valor, versao: 1 });
  });

  it('shows who speaks TLS here: answered, closed, counted and logged once; others notice nothing', async () => {
    const greet = async (): Promise<string> => {
      const socket = connectTls({ port: stand.doors.port, host: '127.0.0.1' });
      const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [
        NodeJS.ErrnoException,
      ];
      socket.destroy();
      return String(error.code);
    };
    for (let i = 0; i < 3; i++) expect(await greet()).toBe('ERR_SSL_WRONG_VERSION_NUMBER');
    expect(stand.doors.refused.EXIGE_TLS).toBe(3);
    const lines = stand.logger.lines.filter(({ message }) => message.startsWith('conexão recusada'));
    expect(lines).toMatchObject([{ level: 'warn', fields: { motivo: 'EXIGE_TLS', origem: '127.0.0.1' } }]);
    expect((await stand.client.insere('chave', 'valor')).versao).toBe(1);
  });

  it('is answered over plain HTTP, for a person to read', async () => {
    const [socket] = await knock(1);
    let answer = '';
    socket?.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket?.write(Buffer.from([0x16, 3, 1]));
    await eventually('closed', () => socket?.readableEnded ?? false);
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*sem TLS\n$/s);
  });

  it('is waited for, but not for ever and not by all at once', async () => {
    const silent = await knock(tlsLimits.handshakes + 10);
    expect((await stand.client.insere('chave', 'valor')).versao).toBe(1);
    await eventually('the oldest gave way', () => stand.doors.refused.APERTO_LENTO >= 10);
    const open = (): number => silent.filter(({ closed }) => !closed).length;
    await eventually('the others are closed in time', () => open() === 0, tlsLimits.handshakeMs + 20_000);
    expect(stand.doors.refused.APERTO_LENTO).toBe(tlsLimits.handshakes + 10);
    expect((await stand.client.consulta('chave')).versao).toBe(1);
  }, 60_000);

  it('may stay away: whoever leaves without a word is neither counted nor kept', async () => {
    for (const socket of await knock(20)) socket.end();
    for (const socket of await knock(20)) socket.resetAndDestroy();
    expect((await stand.client.insere('chave', 'valor')).versao).toBe(1);
    expect(Object.values(stand.doors.refused).every((count) => count === 0)).toBe(true);
  });
});

describe('connections', () => {
  const GREETING = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';
  /** As many as there are places, beside the stand's own. In parts: so many silent ones at once would be too many. */
  const fill = async (greeting: string, places: number): Promise<Socket[]> => {
    const sockets: Socket[] = [];
    while (sockets.length < places - 1) {
      const some = await knock(Math.min(500, places - 1 - sockets.length));
      for (const socket of some) socket.write(greeting);
      sockets.push(...some);
    }
    return sockets;
  };
  const comer = (): KvsClient => {
    const client = connect(stand.doors.port);
    cleanUps.push(() => {
      client.close();
    });
    return client;
  };

  // As many as there are by default cost seconds: once is enough.
  it.each([
    ['one byte', 'P', 300],
    ['a greeting', GREETING, portLimits.connections],
  ])(
    'that came to no more than %s give way to who comes, who was let in stays',
    async (_, greeting, places) => {
      await stand.close();
      stand = await openStandOn(new MemoryEngine(), undefined, { connections: places });
      expect((await stand.client.insere('chave', 'valor')).versao).toBe(1);
      const sockets = await fill(greeting, places);
      for (const versao of [2, 3, 4]) expect((await comer().insere('chave', 'valor')).versao).toBe(versao);
      const closed = sockets.map((socket, n) => (socket.closed ? n : -1)).filter((n) => n >= 0);
      await eventually('the first give way', () => sockets.slice(0, 3).every((socket) => socket.closed));
      expect(closed.every((n) => n < 10)).toBe(true);
      expect(stand.doors.refused.CONEXOES).toBeLessThan(10);
      expect((await stand.client.insere('chave', 'valor')).versao).toBe(5);
    },
    60_000,
  );

  /** A port with so few places, that asks for a credential. */
  const narrow = async (
    most: number,
  ): Promise<{ session: () => ClientHttp2Session; port: () => number; refused: () => number }> => {
    const { table } = new TableStand(await credential('maria', 'escrita', ['']));
    const doors = await startDoors({
      ...{ port: 0, engine: new MemoryEngine(), engineHealth: 'kvs.frota' },
      ...{ time: realTime, logger: new RecordingLogger() },
      ...{ access: accessControl(table), bounds: { connections: most } },
    });
    cleanUps.push(() => void doors.stop(0));
    const session = (): ClientHttp2Session => {
      const opened = connectHttp2(`http://127.0.0.1:${doors.port}`);
      opened.on('error', () => undefined);
      cleanUps.push(() => {
        opened.destroy();
      });
      return opened;
    };
    return { session, port: () => doors.port, refused: () => doors.refused.CONEXOES };
  };
  const MARIA = { authorization: `Bearer ${tokenText('maria', secretOf('maria'))}` };
  /** What a request was answered with: its status of gRPC, of HTTP if there is none; -1: not at all. */
  const ask = async (by: ClientHttp2Session, path: string, headers: object = {}): Promise<number> => {
    const stream = by.request({
      ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', ...headers },
    });
    let answered = -1;
    const hear = (heard: { [name: string]: unknown }): void => {
      answered = Number(heard['grpc-status'] ?? heard[':status'] ?? answered);
    };
    stream.on('error', () => undefined).on('response', hear);
    stream.on('trailers', hear).resume();
    if (stream.writable) stream.end(EMPTY);
    await once(stream, 'close');
    return answered;
  };
  /** A message without fields. */
  const EMPTY = Buffer.alloc(5);
  const OK: number = status.OK;
  const READ = '/kvs.KVS/Consulta';
  const call = async (by: ClientHttp2Session): Promise<boolean> => (await ask(by, READ, MARIA)) === OK;

  it('are bounded in number: who is in stays, one more is closed, one that leaves makes room', async () => {
    const { session, refused } = await narrow(2);
    const [first, second] = [session(), session()];
    expect([await call(first), await call(second)]).toEqual([true, true]);
    expect(await call(session())).toBe(false);
    expect(refused()).toBe(1);
    expect([await call(first), await call(second)]).toEqual([true, true]);
    first.destroy();
    await eventually('there is room', () => call(session()));
    expect(await call(second)).toBe(true);
  });

  it('of those who were only refused, or asked for what anybody may, give way like the silent ones', async () => {
    const { session, refused } = await narrow(1);
    const stranger = session();
    for (let n = 0; n < 3; n++) {
      expect(await ask(stranger, READ)).toBe(status.UNAUTHENTICATED);
      expect(await ask(stranger, '/kvs.KVS/ConsultaVarias')).toBe(status.UNAUTHENTICATED);
      expect(await ask(stranger, '/kvs.Nada/Nada', MARIA)).toBe(status.UNIMPLEMENTED);
      expect(await ask(stranger, '/grpc.health.v1.Health/Check')).toBe(status.OK);
      expect(await ask(stranger, '/saude', { ':method': 'GET', 'content-type': 'text/plain' })).not.toBe(-1);
    }
    expect(await call(session())).toBe(true);
    await eventually('it has given way', () => stranger.destroyed);
    expect(refused()).toBe(1);
  });

  it('of those who speak HTTP/1.1 give way too', async () => {
    const { session, port, refused } = await narrow(1);
    const page = connectSocket({ port: port(), host: '127.0.0.1' }).setEncoding('utf8');
    cleanUps.push(() => page.destroy());
    page.on('error', () => undefined).write('GET /saude HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    const [answer] = (await once(page, 'data')) as [string];
    expect(answer).toMatch(/^HTTP\/1\.1 \d+ /);
    expect(page.closed).toBe(false);
    const ended = once(page, 'close');
    expect(await call(session())).toBe(true);
    await ended;
    expect(refused()).toBe(1);
  });

  it('that are breaking as they give way leave nothing behind, and the bound holds', async () => {
    const refused: Socket[] = [];
    const places = new Connections((socket) => {
      refused.push(socket.destroy());
    }, 1);
    const port = createServer().listen(0, '127.0.0.1');
    cleanUps.push(() => port.close());
    await once(port, 'listening');
    const come = async (): Promise<Socket> => {
      const there = connectSocket((port.address() as AddressInfo).port, '127.0.0.1');
      there.on('error', () => undefined);
      cleanUps.push(() => there.destroy());
      const [here] = (await once(port, 'connection')) as [Socket];
      return here;
    };
    const [first, second, third, fourth] = [await come(), await come(), await come(), await come()];
    places.enter(first);
    // As a reset does it: the connection is closing, and nobody has heard of it yet.
    first.destroy();
    places.enter(second);
    await once(first, 'close');
    places.enter(third);
    places.enter(fourth);
    expect(refused).toEqual([first, second, third]);
  });
});

describe('names of the address', () => {
  it('are all listened on, on one port', async () => {
    const options = { host: 'localhost', engine: new MemoryEngine(), engineHealth: 'kvs.frota' };
    const doors = await startDoors({ ...options, port: 0, time: realTime, logger: new RecordingLogger() });
    cleanUps.push(() => void doors.stop(0));
    const client = connect(doors.port);
    cleanUps.push(() => client.close());
    expect((await client.insere('chave', 'valor')).versao).toBe(1);
    const taken = startDoors({ ...options, port: doors.port, time: realTime, logger: new RecordingLogger() });
    await expect(taken).rejects.toMatchObject({ code: 'PORTA_EM_USO' });
  });
});
