import type { IClientOptions } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';
import { brokerLimits } from '../../src/mqtt/limits.js';
import { KvsError } from '../../src/core/errors.js';
import type { Gatekeeper } from '../../src/ports/access.js';
import { LogRecorder } from '../engines/fleet/bus/support.js';
import { TestCertificates } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { MqttUser } from '../support/mqtt-user.js';
import { mosquittoAvailable } from '../support/mosquitto.js';
import { realTime } from '../support/real-time.js';
import { startShippedMosquitto } from '../support/shipped-mosquitto.js';
import { PASSWORD, PEOPLE } from './topic-table.js';
import type { Person } from './topic-table.js';

/** What somebody with a credential of its own tries beyond single topics and filters, which `topic-table.ts` lists. */

const FENCE = 'kvs/padrao/mutacoes/fim';
const login = (who: Person): { user: string; password: string } => ({ user: who, password: PASSWORD + who });

let files: TestCertificates;
beforeAll(async () => {
  files = await TestCertificates.make();
});
afterAll(() => files.remove());

/** Waits until everything that was published before has come to a server. */
async function settled(server: MqttUser): Promise<void> {
  const mark = `${Math.random()}`;
  await server.publish(FENCE, mark);
  await eventually('the end', () => server.received.includes(`${FENCE} ${mark}`));
}

describe.runIf(mosquittoAvailable())('Mosquitto with the ACL of this repository', () => {
  let broker: Awaited<ReturnType<typeof startShippedMosquitto>>;
  let server: MqttUser;
  const connect = (who: Person, more: IClientOptions = {}): Promise<MqttUser> =>
    MqttUser.connect(broker.port, files.ca, login(who), more);

  beforeAll(async () => {
    const passwords = Object.fromEntries(Object.keys(PEOPLE).map((name) => [name, PASSWORD + name]));
    passwords['escrita/a'] = `${PASSWORD}escrita/a`;
    broker = await startShippedMosquitto({ shown: await files.server('broker'), ca: files.ca, passwords });
    server = await connect('servidor');
    expect(await server.subscribe('kvs/padrao/#')).toBe(1);
  });
  afterAll(async () => {
    server.end();
    await broker.stop();
  });

  it('an alias of a topic stands for what it stands for now, not for what was granted first', async () => {
    const user = await connect('escrita', { protocolVersion: 5, properties: { topicAliasMaximum: 0 } });
    const by = (topic: string, payload: string): Promise<boolean> =>
      user.publish(topic, payload, { properties: { topicAlias: 1 } });
    await by('kvs/padrao/grava/loja/1', 'pelo nome');
    await by('', 'pelo apelido');
    await by('kvs/padrao/grava/outra/1', 'além, pelo nome');
    await by('', 'além, pelo apelido');
    await by('kvs/padrao/grava/loja/2', 'de novo');
    await settled(server);
    expect(server.received.filter((one) => one.startsWith('kvs/padrao/grava/'))).toEqual([
      'kvs/padrao/grava/loja/1 pelo nome',
      'kvs/padrao/grava/loja/1 pelo apelido',
      'kvs/padrao/grava/loja/2 de novo',
    ]);
    user.end();
  });

  it('what is retained comes to each as far as it may see it, and so does a shared subscription', async () => {
    const shown = ['valor/loja', 'valor/loja/1', 'valor/loja2', 'valor/outra/1', 'resposta/escrita/1'];
    for (const topic of shown) await server.publish(`kvs/padrao/${topic}`, 'x', { retain: true });
    const late = await connect('leitura', { protocolVersion: 5 });
    for (const filter of ['#', 'kvs/padrao/valor/#', '$share/g/kvs/padrao/valor/#', '$share/g/#']) {
      await late.subscribe(filter);
    }
    await late.subscribe('kvs/padrao/resposta/leitura/#');
    for (const topic of shown) await server.publish(`kvs/padrao/${topic}`, 'y');
    await server.publish('kvs/padrao/resposta/leitura/fim', 'fim');
    await eventually('the end', () => late.received.includes('kvs/padrao/resposta/leitura/fim fim'));
    const seen = new Set(late.received.map((message) => message.split(' ', 1)[0]));
    expect([...seen].sort()).toEqual(['kvs/padrao/resposta/leitura/fim', 'kvs/padrao/valor/loja/1']);
    late.end();
    for (const topic of shown) await server.publish(`kvs/padrao/${topic}`, '', { retain: true });
  });

  it('a user whose name has levels asks in nobody’s name', async () => {
    const who = { user: 'escrita/a', password: `${PASSWORD}escrita/a` };
    const user = await MqttUser.connect(broker.port, files.ca, who);
    await user.subscribe('kvs/padrao/resposta/escrita/#');
    await user.publish('kvs/padrao/pede/escrita/a', 'como escrita');
    await server.publish('kvs/padrao/resposta/escrita/a', 'de escrita');
    await settled(server);
    expect(server.received.filter((one) => one.endsWith('como escrita'))).toEqual([]);
    await user.subscribe('kvs/padrao/resposta/escrita/a/+');
    await server.publish('kvs/padrao/resposta/escrita/a/fim', 'fim');
    await settled(server);
    expect(user.received.filter((one) => one.endsWith('de escrita'))).toEqual([]);
    user.end();
  });

  it('the longest client id and thousands of subscriptions keep nobody from anything', async () => {
    const user = await connect('leitura', { clientId: 'x'.repeat(65_535) });
    const many = Array.from({ length: 5_000 }, (_, i) => `kvs/padrao/valor/${String(i)}/#`);
    await user.client.subscribeAsync(many, { qos: 0 });
    const other = await connect('escrita');
    expect(await other.publish('kvs/padrao/grava/loja/9', 'segue')).toBe(true);
    await settled(server);
    expect(server.received).toContain('kvs/padrao/grava/loja/9 segue');
    expect(user.received).toEqual([]);
    for (const one of [user, other]) one.end();
  });
});

/** Everybody with the password of its name. */
const everybody: Gatekeeper = {
  authenticate: (name, secret) => {
    const person = Object.values(PEOPLE).find((one) => one.name === name);
    if (person === undefined || secret !== PASSWORD + name) throw new KvsError('NAO_AUTENTICADO', 'não vale');
    return { ...person, valid: true };
  },
};

describe('the embedded broker', () => {
  let broker: EmbeddedBroker;
  let server: MqttUser;
  const log = new LogRecorder();
  const connect = (who: Person, more: IClientOptions = {}): Promise<MqttUser> =>
    MqttUser.connect(broker.port, undefined, login(who), more);

  beforeAll(async () => {
    const users = { gatekeeper: everybody, fleet: 'padrao' };
    broker = await EmbeddedBroker.start({ host: '127.0.0.1', port: 0, users, time: realTime, logger: log });
    server = await connect('servidor');
    expect(await server.subscribe('kvs/padrao/#')).toBe(1);
  });
  afterAll(async () => {
    server.end();
    await broker.stop();
  });

  it('the longest client id is let in, and fills no log', async () => {
    const user = await connect('leitura', { clientId: 'x'.repeat(65_535) });
    expect(await user.publish('kvs/padrao/grava/loja/1', 'além')).toBe(false);
    expect(JSON.stringify(log.lines).length).toBeLessThan(4_000);
    await settled(server);
    expect(server.received).not.toContain('kvs/padrao/grava/loja/1 além');
    user.end();
  });

  it('a client has as many subscriptions as there are for one, whatever it asks for', async () => {
    const user = await connect('leitura');
    const many = Array.from({ length: 1_000 }, (_, i) => `kvs/padrao/valor/loja/${String(i)}`);
    const granted = await new Promise<readonly number[]>((resolve) => {
      user.client.subscribe(many, { qos: 1 }, (_error, _all, packet) => {
        resolve((packet as { readonly granted: number[] }).granted);
      });
    });
    expect(granted.filter((qos) => qos !== 128)).toHaveLength(brokerLimits.subscriptions);
    user.end();
  });

  it('shared subscriptions are for nobody', async () => {
    const user = await connect('leitura');
    for (const filter of [
      '$share/g/kvs/padrao/valor/loja/+/#',
      '$share/g/kvs/padrao/valor/#',
      '$share/g/#',
    ]) {
      expect(await user.subscribe(filter)).toBe(128);
    }
    user.end();
  });

  it('a user does not take the connection of another one by its client id', async () => {
    const clientId = 'painel-da-sala';
    const reader = await connect('leitura', { clientId });
    await expect(connect('escrita', { clientId })).rejects.toMatchObject({ code: 2 });
    expect(reader.client.connected).toBe(true);
    const closed = new Promise<void>((resolve) => reader.client.once('close', () => resolve()));
    const again = await connect('leitura', { clientId });
    await closed;
    again.end();
  });
});
