import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';
import { brokerLimits } from '../../src/mqtt/limits.js';
import { limits } from '../../src/core/limits.js';
import type { Gatekeeper, Identity } from '../../src/ports/access.js';
import { Transport } from '../../src/security/tls/transport.js';
import { TestCertificates } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { realTime } from '../support/real-time.js';
import { LogRecorder } from '../engines/fleet/bus/support.js';

const HOST = '127.0.0.1';
const REQUESTS = 'portal/admin/aluno/create';

/** `servidor` is a server, everybody else a user of the portal who may write. */
const gatekeeper: Gatekeeper = {
  authenticate: (name): Identity | Promise<Identity> => {
    const role = name === 'servidor' ? 'servidor' : 'escrita';
    const identity: Identity = { name, prefixes: ['portal/'], valid: true, role };
    if (name !== 'devagar') return identity;
    return new Promise((resolve) => (known = (): void => resolve(identity)));
  },
};
/** Ends the wait of `devagar`, once there is one. */
let known: (() => void) | undefined;

let certificates: TestCertificates;
let log: LogRecorder;
let broker: EmbeddedBroker;
const clients: MqttClient[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  certificates = await TestCertificates.make();
});
afterAll(() => certificates.remove());

async function start(tls?: Transport, asks = true): Promise<void> {
  log = new LogRecorder();
  const users = asks ? { gatekeeper, fleet: 'padrao' } : undefined;
  broker = await EmbeddedBroker.start({ host: HOST, port: 0, time: realTime, logger: log, users, tls });
}
beforeEach(() => start());
afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  for (const socket of sockets.splice(0)) socket.destroy();
  await broker.stop();
});

async function user(name: string, protocol = 'mqtt'): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`${protocol}://${HOST}:${broker.port}`, {
    ...{ username: name, password: 'x', reconnectPeriod: 0, rejectUnauthorized: false },
  });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

async function grantedTo(client: MqttClient, filters: readonly string[]): Promise<number> {
  const granted = await new Promise<readonly { qos: number }[]>((resolve) => {
    client.subscribe([...filters], { qos: 0 }, (_error, _granted, packet) => {
      const codes = (packet as unknown as { granted?: readonly number[] } | undefined)?.granted ?? [];
      resolve(codes.map((qos) => ({ qos })));
    });
  });
  return granted.filter(({ qos }) => qos < 128).length;
}

/** MQTT as it is on the wire, for what no library does: each of its answers has 4 bytes. */
class Raw {
  closed = false;
  readonly socket: Socket;

  constructor() {
    this.socket = connectTcp({ host: HOST, port: broker.port });
    this.socket.on('error', () => undefined).on('close', () => (this.closed = true));
    this.socket.resume();
    sockets.push(this.socket);
  }

  async login(name: string, which = ''): Promise<void> {
    const answered = new Promise((resolve) => this.socket.once('data', resolve));
    const text = (value: string): Buffer => Buffer.concat([short(value.length), Buffer.from(value)]);
    const flags = Buffer.from([4, 0b1100_0010, 0, 0]);
    this.packet(
      0x10,
      Buffer.concat([text('MQTT'), flags, text(`raw-${name}${which}`), text(name), text('x')]),
    );
    await answered;
  }

  publish(topic: string, payload: Buffer, id: number): void {
    const head = Buffer.concat([short(topic.length), Buffer.from(topic), short(id)]);
    this.packet(0x34, Buffer.concat([head, payload]));
  }

  packet(type: number, body: Buffer): void {
    this.socket.write(Buffer.concat([Buffer.from([type]), lengthOf(body.length), body]));
  }
}

function short(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function lengthOf(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; rest > 0 || bytes.length === 0; rest >>= 7) {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  }
  return Buffer.from(bytes);
}

const reasons = (): readonly unknown[] =>
  log.lines.map(({ fields }) => (fields as { motivo?: unknown }).motivo);

describe('what one client of the embedded broker may take', () => {
  const filters = (from: number, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `portal/a/${String(from + n)}`);

  it('so many subscriptions, asked for at once or one by one, and again after it has given some back', async () => {
    const atOnce = await user('maria');
    expect(await grantedTo(atOnce, filters(0, 1_000))).toBe(brokerLimits.subscriptions);
    expect(await grantedTo(atOnce, filters(2_000, 1))).toBe(0);
    await atOnce.unsubscribeAsync(filters(0, 10));
    expect(await grantedTo(atOnce, filters(3_000, 20))).toBe(10);
    const oneByOne = await user('jose');
    let granted = 0;
    for (const filter of filters(0, brokerLimits.subscriptions + 5))
      granted += await grantedTo(oneByOne, [filter]);
    expect(granted).toBe(brokerLimits.subscriptions);
  });

  it('no further subscriptions by what it asks for anew while it gives them back', async () => {
    const client = await user('maria');
    let heard = 0;
    client.on('message', () => heard++);
    const all = filters(0, brokerLimits.subscriptions);
    // All in one piece, which the broker takes in one turn.
    const asked = client.subscribeAsync(all, { qos: 0 });
    const given = client.unsubscribeAsync(all);
    await Promise.all([asked, given, client.subscribeAsync(all, { qos: 1 })]);
    expect(await grantedTo(client, filters(5_000, 1))).toBe(0);
    const server = await user('servidor');
    await server.publishAsync('portal/a/0', 'x', { qos: 1 });
    await eventually('they count', () => heard === 1);
    await client.unsubscribeAsync(all);
    await server.publishAsync('portal/a/0', 'x', { qos: 1 });
    expect(await grantedTo(client, filters(5_000, 1))).toBe(1);
    expect(heard).toBe(1);
  });

  it('so many messages of QoS 2 that it has not finished', async () => {
    const raw = new Raw();
    await raw.login('maria');
    for (let id = 1; id <= brokerLimits.inflight; id++) raw.publish(REQUESTS, Buffer.from('x'), id);
    // Those that are done over and over stay within.
    raw.publish(REQUESTS, Buffer.from('x'), 1);
    await eventually('all are taken', () => raw.socket.bytesRead === 4 * (brokerLimits.inflight + 2));
    expect(raw.closed).toBe(false);
    raw.publish(REQUESTS, Buffer.from('x'), brokerLimits.inflight + 1);
    await eventually('cut', () => raw.closed);
  });

  it('packets as large as its role needs, and before it logs in as that takes', async () => {
    const large = Buffer.alloc(limits.payloadBytes - 1_000);
    const server = await user('servidor');
    expect(await server.publishAsync('kvs/padrao/valor/x', large, { qos: 1 })).toBeDefined();
    const [known, stranger] = [new Raw(), new Raw()];
    await known.login('maria');
    known.publish(REQUESTS, Buffer.alloc(limits.portalPayloadBytes), 1);
    await eventually('it is taken', () => known.socket.bytesRead === 4 * 2);
    expect(known.closed).toBe(false);
    known.publish(REQUESTS, Buffer.alloc(limits.payloadBytes), 2);
    await eventually('this too', () => known.socket.bytesRead === 4 * 3);
    expect(known.closed).toBe(false);
    for (const raw of [known, stranger]) {
      const bytes = limits.payloadBytes + (raw === known ? 70_000 : 0);
      raw.socket.write(Buffer.concat([Buffer.from([0x10]), lengthOf(bytes), Buffer.alloc(10)]));
      await eventually('cut', () => raw.closed);
    }
    expect(reasons()).toContain('PACOTE_GRANDE');
  });

  it('as much room for long packets as all users have together, and again once they have come or gone', async () => {
    const begin = async (which: string): Promise<Raw> => {
      const raw = new Raw();
      await raw.login('maria', which);
      raw.socket.write(Buffer.concat([Buffer.from([0x32]), lengthOf(limits.payloadBytes), Buffer.alloc(10)]));
      return raw;
    };
    const many = Math.floor(brokerLimits.userFramesBytes / limits.payloadBytes);
    const crowd = await Promise.all(Array.from({ length: many }, (_, i) => begin(`-${String(i)}`)));
    const late = await begin('-tarde');
    await eventually('cut', () => late.closed);
    expect(crowd.filter(({ closed }) => closed)).toEqual([]);
    const other = await user('jose');
    expect(await other.publishAsync(REQUESTS, 'curta', { qos: 1 })).toBeDefined();
    crowd[0]!.socket.destroy();
    await eventually('room again', async () => {
      const next = await begin(`-${String(Math.random())}`);
      const ended = new Promise((resolve) => next.socket.once('close', () => resolve('cut')));
      return (await Promise.race([ended, other.publishAsync(REQUESTS, 'x', { qos: 1 })])) !== 'cut';
    });
  });

  it('no more than so many letters of its name in the log', async () => {
    const client = await mqtt.connectAsync(`mqtt://${HOST}:${broker.port}`, {
      ...{ username: 'maria', password: 'x', reconnectPeriod: 0, clientId: 'x'.repeat(60_000) },
    });
    client.on('error', () => undefined);
    client.publish('kvs/padrao/valor/x', 'x');
    await eventually('refused', () => log.lines.length > 0);
    client.end(true);
    for (const { fields } of log.lines) expect(JSON.stringify(fields).length).toBeLessThan(300);
  });
});

it('reads all that came in pieces while it asked who the client is', async () => {
  const server = await user('servidor');
  let heard = '';
  server.on('message', (_topic, payload) => (heard = payload.toString()));
  await server.subscribeAsync('portal/#');
  const raw = new Raw();
  raw.socket.setNoDelay();
  const loggedIn = raw.login('devagar');
  await eventually('it asks', () => known !== undefined);
  const text = 'x'.repeat(3_000);
  const body = Buffer.concat([short(REQUESTS.length), Buffer.from(REQUESTS), short(1), Buffer.from(text)]);
  const packet = Buffer.concat([Buffer.from([0x32]), lengthOf(body.length), body]);
  for (const [from, to] of [
    [0, 1],
    [1, 1_500],
    [1_500, packet.length],
  ] as const) {
    raw.socket.write(packet.subarray(from, to));
    // The broker has seen what came before it when this is back.
    await server.publishAsync('kvs/padrao/valor/x', 'x', { qos: 1 });
  }
  known?.();
  await loggedIn;
  await eventually('the whole packet', () => heard === text);
});

it.each(['mqtt', 'mqtts'])(
  'a user who does not read holds up nobody, over %s',
  async (protocol) => {
    if (protocol === 'mqtts') {
      await broker.stop();
      const { certificate, key } = await certificates.server('broker');
      await start(await Transport.open({ certificate, key }, false, realTime, log));
    }
    const frozen = await Promise.all(['maria', 'jose', 'ana'].map((name) => user(name, protocol)));
    for (const client of frozen) {
      await client.subscribeAsync('portal/#');
      client.stream.pause();
    }
    // Each publisher waits for its own messages: so many of them make the whole broker wait.
    const writers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => user(`escritor${String(n)}`, protocol)),
    );
    const [from, to] = await Promise.all([user('servidor', protocol), user('servidor', protocol)]);
    await to.subscribeAsync('kvs/padrao/valor/x');
    let [slowestMs, latest] = [0, 0];
    to.on('message', (_topic, payload) => {
      latest = Number(payload.toString());
      slowestMs = Math.max(slowestMs, performance.now() - latest);
    });
    const beat = setInterval(() => {
      from.publish('kvs/padrao/valor/x', String(performance.now()));
    }, 20);
    const load = Buffer.alloc(limits.portalPayloadBytes + 44_000, 'x');
    const sent = writers.map(async (writer) => {
      await Promise.all(Array.from({ length: 50 }, () => writer.publishAsync(REQUESTS, load, { qos: 1 })));
    });
    await Promise.all(sent);
    await eventually('who does not read is cut', () => reasons().includes('NAO_LE'));
    clearInterval(beat);
    const lastMs = performance.now();
    await from.publishAsync('kvs/padrao/valor/x', String(lastMs), { qos: 1 });
    await eventually('the last is heard', () => latest === lastMs);
    expect(slowestMs).toBeLessThan(brokerLimits.drainMs / 2);
  },
  30_000,
);

it('who does not read holds up nobody where nobody is asked who he is, also who calls himself a server', async () => {
  await broker.stop();
  await start(undefined, false);
  const named = async (clientId: string): Promise<MqttClient> => {
    const client = await mqtt.connectAsync(`mqtt://${HOST}:${broker.port}`, { clientId, reconnectPeriod: 0 });
    clients.push(client.on('error', () => undefined));
    return client;
  };
  for (const name of ['a', 'b', 'kvs:padrao:x', 'kvs:padrao:y']) {
    const frozen = await named(name);
    await frozen.subscribeAsync('kvs/#');
    frozen.stream.pause();
  }
  const [from, to] = await Promise.all([named('kvs:padrao:oA'), named('kvs:padrao:oB')]);
  await to.subscribeAsync('kvs/padrao/valor/x');
  let heard = 0;
  to.on('message', () => heard++);
  const load = Buffer.alloc(100_000, 'x');
  let slowestMs = 0;
  const logged = (): boolean => log.lines.some(({ fields }) => JSON.stringify(fields).includes('NAO_LE'));
  // More than a frozen server may leave unread.
  for (let sent = 0; sent < 1.5 * brokerLimits.serverUnreadBytes || !logged(); sent += load.length) {
    const before = performance.now();
    await from.publishAsync('kvs/padrao/valor/x', load, { qos: 1 });
    slowestMs = Math.max(slowestMs, performance.now() - before);
  }
  expect(slowestMs).toBeLessThan(brokerLimits.drainMs / 2);
  expect(reasons()).toContain('NAO_LE');
  await eventually('all is heard', () => heard > 100);
}, 30_000);

it('strangers in all places keep nobody out, and part nobody who has logged in', async () => {
  const early = await user('maria');
  let parted = false;
  early.on('close', () => (parted = true));
  const crowd = Array.from({ length: brokerLimits.connections + 9 }, () => {
    const raw = new Raw();
    // The beginning of a packet: who says nothing at all is not even let in.
    raw.socket.write(Buffer.from([0x10]));
    return raw;
  });
  await eventually('the first of them gave way', () => crowd.some(({ closed }) => closed));
  const late = await user('servidor');
  expect(await late.publishAsync('kvs/padrao/valor/x', 'x', { qos: 1 })).toBeDefined();
  expect(parted).toBe(false);
  expect(reasons()).toContain('CONEXOES');
});

it('one user in all places that there are for users keeps no server out', async () => {
  const tooMany = brokerLimits.connections + 9 - brokerLimits.userConnections;
  const crowd = Array.from({ length: brokerLimits.connections + 9 }, (_, n) => ({ raw: new Raw(), n }));
  await Promise.all(crowd.map(({ raw, n }) => raw.login('maria', `${n}`)));
  await eventually('those who are too many', () => crowd.filter(({ raw }) => raw.closed).length === tooMany);
  const late = await user('servidor');
  expect(await late.publishAsync('kvs/padrao/valor/x', 'x', { qos: 1 })).toBeDefined();
  await expect(user('jose')).rejects.toMatchObject({ code: 3 });
  expect(broker.refusedUsers.LIMITE_CONEXOES).toBe(tooMany + 1);
  for (const { raw } of crowd) raw.socket.destroy();
  await eventually('places are given back', () => user('jose').catch(() => undefined));
});
