import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import mqtt from 'mqtt';
import { Aedes } from 'aedes';
import { afterEach, describe, expect, it } from 'vitest';
import { externalBrokers } from '../../../../src/mqtt/broker-source.js';
import { parseBrokerUrl, tcpBroker } from '../../../../src/mqtt/broker-url.js';
import { EmbeddedBroker } from '../../../../src/mqtt/embedded-broker.js';
import { BrokerLink } from '../../../../src/mqtt/broker-link.js';
import { brokerLimits, mqttLimits } from '../../../../src/mqtt/limits.js';
import type { Time } from '../../../../src/ports/time.js';
import { eventually } from '../../../support/eventually.js';
import { freePort } from '../../../support/net.js';
import { realRandom, realTime } from '../../../support/real-time.js';
import { LogRecorder, publish, startMember, batch, insert } from './support.js';
import type { Member } from './support.js';

const HOST = '127.0.0.1';
const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startBroker(port: number): Promise<EmbeddedBroker> {
  const broker = await EmbeddedBroker.start({ host: HOST, port, time: realTime, logger: new LogRecorder() });
  cleanUps.push(() => broker.stop());
  return broker;
}

function member(origin: string, ...ports: number[]): Member {
  const started = startMember(origin, externalBrokers(ports.map((port) => tcpBroker(HOST, port))));
  cleanUps.push(() => started.bus.stop());
  return started;
}

async function serve(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, HOST, resolve));
  cleanUps.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return port;
}

describe('several brokers', () => {
  it('takes the first that answers, in order of preference', async () => {
    const [gone, first, second] = [await freePort(), await startBroker(0), await startBroker(0)];
    const { bus } = member('oA', gone, first.port, second.port);
    await eventually('connected', () => bus.connected);
    expect(bus.broker).toBe(`mqtt://${HOST}:${first.port}`);
  });

  it('moves to the next when its broker goes', async () => {
    const [first, second] = [await startBroker(0), await startBroker(0)];
    const { bus, seen } = member('oA', first.port, second.port);
    await eventually('connected', () => bus.connected);
    await first.stop();
    await eventually('moved', () => bus.broker === `mqtt://${HOST}:${second.port}`);
    expect(seen.disconnects).toBe(1);
    expect(bus.counters.reconnects).toBe(1);
  });

  it('is not ended by somebody who knows its origin and connects under the name of it', async () => {
    const broker = await startBroker(0);
    const { bus, seen } = member('oA', broker.port);
    const witness = member('oW', broker.port);
    await eventually('connected', () => bus.connected && witness.bus.connected);
    for (const clientId of ['kvs:frota:oA', 'kvs:frota:oA:', 'kvs:portal:oA']) {
      const stranger = await mqtt.connectAsync(`mqtt://${HOST}:${broker.port}`, {
        clientId,
        reconnectPeriod: 0,
      });
      // A broker that ended the other one has done so before it answers this.
      await stranger.subscribeAsync('portal/#');
      await stranger.endAsync();
    }
    expect(seen.disconnects).toBe(0);
    expect(bus.connected).toBe(true);
  });

  it('comes back to a better one after a long while, without a gap and without a will', async () => {
    const betterPort = await freePort();
    const second = await startBroker(0);
    const witness = member('oW', second.port);
    // The long while is what takes a minute: every pause is a thousandth.
    const fast: Time = {
      ...realTime,
      after: (ms, call) => realTime.after(ms >= mqttLimits.returnMs / 2 ? ms / 1000 : ms, call),
    };
    const events: string[] = [];
    const link = new BrokerLink(
      {
        brokers: externalBrokers([tcpBroker(HOST, betterPort), tcpBroker(HOST, second.port)]),
        clientId: 'kvs:frota:oA',
        filters: [{ filter: 'kvs/frota/#', qos: 1 }],
        will: () => ({ topic: 'kvs/frota/presenca/oA', payload: Buffer.from('will') }),
        time: fast,
        random: realRandom,
        logger: new LogRecorder(),
      },
      { onUp: () => events.push('up'), onDown: () => events.push('down'), onMessage: () => undefined },
    );
    cleanUps.push(() => link.stop(1000));
    await eventually('witness', () => witness.bus.connected);
    link.start();
    await eventually('connected', () => link.connection?.address.port === second.port);
    await startBroker(betterPort);
    await eventually('moved back', () => link.connection?.address.port === betterPort);
    expect(events).toEqual(['up', 'down', 'up']);
    expect(witness.bus.counters.dropped.JSON).toBe(0);
  });
});

describe('brokers that do not behave', () => {
  it('takes a refused subscription for a failure, says so, and tries again', async () => {
    let allowed = false;
    const aedes = await Aedes.createBroker({
      authorizeSubscribe: (_client, subscription, done) => {
        done(null, allowed ? subscription : null);
      },
    });
    cleanUps.push(() => new Promise((resolve) => aedes.close(resolve)));
    const port = await serve((socket) => aedes.handle(socket));
    const { bus, seen, log } = member('oA', port);
    await eventually('said', () => log.lines.some(({ fields }) => 'motivo' in fields));
    expect(log.lines[0]?.fields).toMatchObject({ motivo: 'ASSINATURA_RECUSADA' });
    expect(seen.connects).toBe(0);
    expect(bus.connected).toBe(false);
    allowed = true;
    await eventually('connected', () => bus.connected);
  });

  it('gives up a broker that takes the connection and says nothing', async () => {
    const silent = await serve(() => undefined);
    const good = await startBroker(0);
    const { bus } = member('oA', silent, good.port);
    await eventually('connected', () => bus.connected, mqttLimits.connectMs + 5_000);
    expect(bus.broker).toContain(String(good.port));
  });

  it('says that a broker took too long by one code, whatever it speaks', async () => {
    const silent = await serve(() => undefined);
    const reasons = ['mqtt', 'mqtts', 'ws', 'wss'].map(async (protocol) => {
      const broker = parseBrokerUrl(`${protocol}://${HOST}:${silent}`);
      const { bus, log } = startMember('oA', externalBrokers([broker]));
      cleanUps.push(() => bus.stop());
      await eventually('said', () => log.lines.length > 0, mqttLimits.connectMs + 5_000);
      return log.lines[0]?.fields;
    });
    for (const reason of await Promise.all(reasons))
      expect(reason).toMatchObject({ motivo: 'TEMPO_ESGOTADO' });
  });

  it('waits longer and longer for one that hangs up at once', async () => {
    let connections = 0;
    const port = await serve((socket) => {
      connections++;
      socket.destroy();
    });
    member('oA', port);
    const start = performance.now();
    // Each attempt but the last has also looked whether it is TLS that is missed, or QoS 1.
    await eventually('some attempts', () => connections >= 10);
    // Pauses of at least 50, 100 and 200 ms lie between four attempts.
    expect(performance.now() - start).toBeGreaterThan(300);
  });

  it('survives a broker that talks nonsense', async () => {
    const port = await serve((socket) => socket.write(Buffer.alloc(1000, 0xff)));
    const good = await startBroker(0);
    const { bus } = member('oA', port, good.port);
    await eventually('connected', () => bus.connected);
  });
});

describe('EmbeddedBroker', () => {
  it('cuts off who announces a packet that is too large, and serves the others', async () => {
    const log = new LogRecorder();
    const broker = await EmbeddedBroker.start({ host: HOST, port: 0, time: realTime, logger: log });
    cleanUps.push(() => broker.stop());
    const { bus } = member('oA', broker.port);
    await eventually('connected', () => bus.connected);
    const { connect } = await import('node:net');
    const socket = connect({ host: HOST, port: broker.port });
    let closed = false;
    socket.on('close', () => (closed = true)).on('error', () => undefined);
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    await eventually('cut off', () => closed);
    expect(log.lines[0]?.fields).toMatchObject({ motivo: 'PACOTE_GRANDE' });
    expect(await publish(bus, batch('oA', 1, insert('k', 'v')))).toBe(true);
  });

  it('holds so many connections and no more, and serves those that it has', async () => {
    const log = new LogRecorder();
    const broker = await EmbeddedBroker.start({ host: HOST, port: 0, time: realTime, logger: log });
    cleanUps.push(() => broker.stop());
    const { bus } = member('oA', broker.port);
    await eventually('connected', () => bus.connected);
    const { connect } = await import('node:net');
    const sockets = Array.from({ length: brokerLimits.connections + 9 }, () => {
      const socket = connect({ host: HOST, port: broker.port }).on('error', () => undefined);
      socket.write(Buffer.from([0x10]));
      return socket;
    });
    await eventually('those beyond are refused', () =>
      log.lines.some(({ fields }) => (fields as { motivo?: unknown }).motivo === 'CONEXOES'),
    );
    // The bus above has one of the places.
    await eventually('all of them', () => broker.refused.CONEXOES === 10);
    expect(await publish(bus, batch('oA', 1, insert('k', 'v')))).toBe(true);
    for (const socket of sockets) socket.destroy();
  });

  it('frees its port at once, with clients connected', async () => {
    const broker = await EmbeddedBroker.start({
      host: HOST,
      port: 0,
      time: realTime,
      logger: new LogRecorder(),
    });
    const { port } = broker;
    const { bus } = member('oA', port);
    await eventually('connected', () => bus.connected);
    await broker.stop();
    await startBroker(port);
    await eventually('back', () => bus.connected);
  });

  it('says so where the port is taken', async () => {
    const { port } = await startBroker(0);
    await expect(startBroker(port)).rejects.toMatchObject({ code: 'PORTA_EM_USO' });
  });
});
