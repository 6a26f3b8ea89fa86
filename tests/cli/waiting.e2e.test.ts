import { once } from 'node:events';
import { createServer as createHttp1 } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';
import { KvsError } from '../../src/core/errors.js';
import { startDoors } from '../../src/doors/start.js';
import type { Doors } from '../../src/doors/start.js';
import { openStandOn, RecordingLogger } from '../support/doors.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { realTime } from '../support/real-time.js';
import { runHere } from './in-process.js';
import { freePort } from '../support/net.js';

const ends: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const INSERT = ['-o', 'insere', '-k', 'nome', '-v', 'Maria'];

/** A server that opens its port only when it is asked to. */
function laterAt(port: number): () => void {
  return () => {
    const options = { engine: new MemoryEngine(), engineHealth: 'kvs.frota', time: realTime };
    const opened: Promise<Doors> = startDoors({ ...options, port, logger: new RecordingLogger() });
    void opened.then((doors) => {
      doors.setServing(true);
    });
    ends.push(async () => (await opened).stop(0));
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  return String((server.address() as AddressInfo).port);
}

function startBroker(): Promise<EmbeddedBroker> {
  return EmbeddedBroker.start({
    host: '127.0.0.1',
    port: 0,
    time: realTime,
    logger: new RecordingLogger(),
  });
}

describe('a server that has just been started', () => {
  it.each([
    ['uma escrita', INSERT],
    ['uma leitura em fluxo', ['-o', 'snapshot']],
    ['com a descoberta', ['--descobre', '-o', 'snapshot']],
    ['em várias portas', ['-p', '1', ...INSERT]],
  ])('%s waits until it opens its port, and says so in one line', async (_what, words) => {
    const port = await freePort();
    const given = words[0] === '-p' ? ['-p', `1,${port}`, ...words.slice(2)] : ['-p', `${port}`, ...words];
    const open = laterAt(port);
    const { code, stderr } = await runHere(given, {}, (message) => {
      if (message.startsWith('esperando')) open();
    });
    expect(code).toBe(0);
    const [first = '', ...more] = stderr.trim().split('\n');
    expect(first).toMatch(
      /^kvs: esperando o servidor em 127\.0\.0\.1:\d+ \(conexão recusada\), por até 3 s…$/,
    );
    expect(more.filter((line) => line.includes('esperando'))).toEqual([]);
  });

  it('is awaited up to the deadline while it joins the fleet', async () => {
    const stand = await openStandOn(new MemoryEngine());
    ends.push(() => stand.close());
    stand.engine.refusal = new KvsError('SERVIDOR_ENTRANDO', 'ainda está entrando');
    for (const words of [INSERT, ['-o', 'snapshot'], ['-o', 'consulta-v', '-k', 'nome']]) {
      const asked = await runHere(['-p', `${stand.doors.port}`, '--prazo', '9000', ...words], {}, () => {
        stand.engine.refusal = undefined;
      });
      expect(asked.code).toBe(0);
      expect(asked.stderr).toBe(
        `kvs: esperando o servidor em 127.0.0.1:${stand.doors.port} (ainda está entrando na frota), por até 9 s…\n`,
      );
      stand.engine.refusal = new KvsError('SERVIDOR_ENTRANDO', 'ainda está entrando');
    }
    // The time passes: why is still said, and how the command ends is as ever.
    const late = await runHere(['-p', `${stand.doors.port}`, '--prazo', '300', ...INSERT]);
    expect(late).toMatchObject({ code: 5, stdout: '' });
    expect(late.stderr).toMatch(/^kvs: o servidor em \S+ não atende agora: ainda est.*\n$/);
  });

  it('is not awaited forever when it does not come', async () => {
    const asked = await runHere(['-p', String(await freePort()), '--prazo', '1500', ...INSERT]);
    expect(asked).toMatchObject({ code: 5, stdout: '' });
    expect(asked.stderr).toMatch(
      /^kvs: esperando .*\nkvs: nenhum servidor responde em \S+ \(conexão recusada\)\n$/,
    );
  });
});

describe('why there is no answer', () => {
  it('a server that answers that it cannot serve gets no second connection', async () => {
    const stand = await openStandOn(new MemoryEngine());
    ends.push(() => stand.close());
    stand.engine.refusal = new KvsError('SEM_MAIORIA', 'as réplicas não respondem');
    let connections = 0;
    const relay = createServer((socket) => {
      connections++;
      const onward = connect(stand.doors.port, '127.0.0.1');
      for (const side of [socket, onward]) side.on('error', () => side.destroy());
      socket.pipe(onward).pipe(socket);
    });
    const port = await listen(relay);
    for (const words of [INSERT, ['-o', 'consulta-v', '-k', 'nome']]) {
      connections = 0;
      const asked = await runHere(['-p', port, ...words]);
      expect(asked.code).toBe(5);
      expect(asked.stderr).toContain('não atende agora');
      expect(connections).toBe(1);
    }
  });

  it('the port is that of another program', async () => {
    const broker = await startBroker();
    ends.push(() => broker.stop());
    const closing = await listen(
      createServer((socket) =>
        socket
          .resume()
          .on('error', () => undefined)
          .end('olá\n'),
      ),
    );
    const web = await listen(createHttp1((_, response) => void response.writeHead(404).end('nada')));
    const web2 = await listen(createHttp2((_, response) => void response.writeHead(404).end('nada')));
    for (const port of [String(broker.port), closing, web, web2]) {
      const asked = await runHere(['-p', port, '-o', 'consulta', '-k', 'nome']);
      expect(asked).toMatchObject({ code: 5, stdout: '' });
      expect(asked.stderr).toBe(
        `kvs: quem atende em 127.0.0.1:${port} não fala gRPC: a porta é de outro programa, ou o servidor está cheio?\n`,
      );
    }
  });

  it('the embedded broker disconnects at once whoever does not start as an MQTT client', async () => {
    const broker = await startBroker();
    ends.push(() => broker.stop());
    const dial = async (bytes: Buffer | string): Promise<Socket> => {
      const socket = connect(broker.port, '127.0.0.1');
      ends.unshift(() => void socket.destroy());
      await once(socket, 'connect');
      socket.on('error', () => undefined).write(bytes);
      return socket;
    };
    const stranger = await dial('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    let isCut = false;
    stranger.resume().once('close', () => {
      isCut = true;
    });
    // A client who comes after is answered to CONNECT and to PINGREQ: by then the stranger is gone.
    const client = await dial(Buffer.from('101000044d5154540402003c000474657374', 'hex'));
    await once(client, 'data');
    client.write(Buffer.from('c000', 'hex'));
    await once(client, 'data');
    expect(isCut).toBe(true);
  });
});
