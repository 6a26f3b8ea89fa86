import type { Aedes, PublishPacket } from 'aedes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';
import { KvsError } from '../../src/core/errors.js';
import type { Gatekeeper, Identity } from '../../src/ports/access.js';
import { Transport } from '../../src/security/tls/transport.js';
import { LogRecorder } from '../engines/fleet/bus/support.js';
import { TestCertificates } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { MqttUser } from '../support/mqtt-user.js';
import { mosquittoAvailable } from '../support/mosquitto.js';
import { realTime } from '../support/real-time.js';
import { startShippedMosquitto } from '../support/shipped-mosquitto.js';
import { ATTEMPTS, PASSWORD, PEOPLE } from './topic-table.js';
import type { Attempt, Person } from './topic-table.js';

/** What must not come has not come by then; what must come is waited for. */
const SILENCE_MS = 300;

let files: TestCertificates;
beforeAll(async () => {
  files = await TestCertificates.make();
});
afterAll(() => files.remove());

interface Broker {
  readonly port: number;
  /** Says openly what it refuses, instead of dropping it without a word. */
  readonly open: boolean;
  stop(): Promise<void>;
}

/** The table as everybody's credentials. */
class Table implements Gatekeeper {
  readonly revoked = new Set<string>();

  authenticate(name: string, secret: string): Identity {
    const person = Object.entries(PEOPLE).find(([known]) => known === name)?.[1];
    const { revoked } = this;
    if (person === undefined || secret !== PASSWORD + name || revoked.has(name)) {
      throw new KvsError('NAO_AUTENTICADO', 'a credencial não vale');
    }
    return {
      ...person,
      name,
      get valid() {
        return !revoked.has(name);
      },
    };
  }
}

const login = (who: Person): { user: string; password: string } => ({ user: who, password: PASSWORD + who });

async function embedded(
  gatekeeper: Gatekeeper,
): Promise<Broker & { readonly broker: EmbeddedBroker; readonly log: LogRecorder }> {
  const log = new LogRecorder();
  const { certificate, key } = await files.server('broker');
  const tls = await Transport.open({ certificate, key }, false, realTime, log);
  const broker = await EmbeddedBroker.start({
    ...{ host: '127.0.0.1', port: 0, time: realTime, logger: log, tls },
    users: { gatekeeper, fleet: 'padrao' },
  });
  return { port: broker.port, open: true, broker, log, stop: () => broker.stop() };
}

async function mosquitto(): Promise<Broker> {
  const passwords = Object.fromEntries(Object.keys(PEOPLE).map((name) => [name, PASSWORD + name]));
  const broker = await startShippedMosquitto({
    shown: await files.server('broker'),
    ca: files.ca,
    passwords,
  });
  return { port: broker.port, open: false, stop: () => broker.stop() };
}

/** Whether what somebody tries takes effect, and, where the broker says so, that it says so. */
async function attempt(broker: Broker, observer: MqttUser, tried: Attempt): Promise<boolean> {
  const mark = `${Math.random()}`;
  const user = (more = {}): Promise<MqttUser> =>
    MqttUser.connect(broker.port, files.ca, login(tried.who), more);
  if (tried.does === 'subscribes') {
    const client = await user();
    // Everybody has an answer of its own: after it, whatever was published before would have come.
    const fence = `kvs/padrao/resposta/${tried.who}/fim`;
    expect(await client.subscribe(fence)).toBe(1);
    const granted = await client.subscribe(tried.filter);
    if (broker.open) expect(granted).toBe(tried.works || isFiltered(tried) ? 1 : 128);
    const other = await MqttUser.connect(broker.port, files.ca, login(publisherOf(tried.probe)));
    expect(await other.publish(tried.probe, mark)).toBe(true);
    other.end();
    await observer.publish(fence, 'fim');
    await eventually('the end', () => client.received.includes(`${fence} fim`));
    client.end();
    return client.received.some((message) => message.endsWith(mark));
  }
  if (tried.does === 'publishes' || tried.does === 'retains') {
    const client = await user();
    const acknowledged = await client.publish(tried.topic, mark, { retain: tried.does === 'retains' });
    if (broker.open) expect(acknowledged).toBe(tried.works);
    client.end();
    await observer.publish(FENCE, mark);
    await eventually('the end', () => observer.received.includes(`${FENCE} ${mark}`));
    return observer.received.some((message) => message.endsWith(mark) && !message.startsWith(FENCE));
  }
  const retain = tried.does === 'leaves a retained will';
  const will = { topic: tried.topic, payload: Buffer.from(mark), qos: 1, retain } as const;
  (await user({ will })).breakOff();
  const came = (): boolean => observer.received.some((message) => message.endsWith(mark));
  if (tried.works) await eventually('what is allowed', came);
  // The broker says nothing of a will that it did not publish.
  else await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  return came();
}

/** Somebody who may publish on a topic. */
function publisherOf(topic: string): Person {
  if (topic.startsWith('kvs/padrao/grava/')) return 'admin';
  return topic.startsWith('kvs/padrao/pede/escrita/') ? 'escrita' : 'servidor';
}

/** Where the observer tells itself that everything before has come. */
const FENCE = 'kvs/padrao/mutacoes/fim';

/** An administrator may subscribe to everything, and the answers to others are left out of it. */
function isFiltered(tried: Attempt): boolean {
  return tried.who === 'admin' && tried.does === 'subscribes' && tried.filter === 'kvs/padrao/#';
}

function behaves(start: () => Promise<Broker>): void {
  let broker: Broker;
  let observer: MqttUser;
  beforeAll(async () => {
    broker = await start();
    observer = await MqttUser.connect(broker.port, files.ca, login('servidor'));
    for (const filter of ['kvs/padrao/#', 'portal/#']) expect(await observer.subscribe(filter)).toBe(1);
  });
  afterAll(async () => {
    observer.end();
    await broker.stop();
  });

  it.each(ATTEMPTS.map((tried) => [describeAttempt(tried), tried] as const))('%s', async (_, tried) => {
    expect(await attempt(broker, observer, tried)).toBe(tried.works);
  });

  it('nothing of all this was kept for who comes later', async () => {
    const late = await MqttUser.connect(broker.port, files.ca, login('servidor'));
    expect(await late.subscribe('kvs/padrao/#')).toBe(1);
    await late.publish(FENCE, 'tarde');
    await eventually('the end', () => late.received.includes(`${FENCE} tarde`));
    expect(late.received).toEqual([`${FENCE} tarde`]);
    late.end();
  });

  it('what the broker says of itself ($SYS) is for nobody', async () => {
    for (const who of ['servidor', 'admin'] as const) {
      const client = await MqttUser.connect(broker.port, files.ca, login(who));
      await client.subscribe('$SYS/#');
      await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
      expect(client.received).toEqual([]);
      client.end();
    }
  });

  it.each([
    ['sem usuário', undefined],
    ['com senha errada', { user: 'servidor', password: 'errada' }],
    ['com um usuário que não há', { user: 'ninguem', password: PASSWORD }],
  ])('a client is refused: %s', async (_, bad) => {
    const refused = await MqttUser.connect(broker.port, files.ca, bad).catch((error: unknown) => error);
    // CONNACK says "bad user name or password", or "not authorized".
    expect([4, 5]).toContain((refused as { readonly code?: unknown }).code);
  });
}

function describeAttempt(tried: Attempt): string {
  const what = tried.does === 'subscribes' ? tried.filter : tried.topic;
  return `${tried.who} ${tried.does} ${what}: ${tried.works ? 'yes' : 'no'}`;
}

describe('embedded broker with users', () => {
  const table = new Table();
  behaves(() => embedded(table));

  it('counts what it refuses, and says in the log who it was', async () => {
    const { broker, log, port, stop } = await embedded(new Table());
    await expect(MqttUser.connect(port, files.ca, { user: 'leitura', password: 'x' })).rejects.toThrow();
    const client = await MqttUser.connect(port, files.ca, login('leitura'));
    expect(await client.subscribe('#')).toBe(128);
    expect(await client.publish('portal/admin/aluno/create', 'x')).toBe(false);
    await eventually('the count', () => broker.refusedUsers.PUBLICACAO_RECUSADA === 1);
    expect(broker.refusedUsers).toMatchObject({ NAO_AUTENTICADO: 1, ASSINATURA_RECUSADA: 1 });
    expect(
      log.lines.find(({ message }) => message.startsWith('broker embutido: recusado'))?.fields,
    ).toMatchObject({
      motivo: 'NAO_AUTENTICADO',
    });
    await stop();
  });

  it('a client whose credential is revoked is disconnected at the next packet, its own or one for it', async () => {
    const people = new Table();
    const { broker, port, stop } = await embedded(people);
    const server = await MqttUser.connect(port, files.ca, login('servidor'));
    const [reader, writer] = [
      await MqttUser.connect(port, files.ca, login('leitura')),
      await MqttUser.connect(port, files.ca, login('escrita')),
    ];
    expect(await reader.subscribe('portal/#')).toBe(1);
    people.revoked.add('leitura').add('escrita');
    const closed = new Promise<void>((resolve) =>
      reader.client.once('close', () => {
        resolve();
      }),
    );
    expect(await writer.publish('portal/admin/aluno/create', 'dele')).toBe(false);
    expect(await server.publish('portal/admin/aluno/create', 'para ele')).toBe(true);
    await closed;
    expect(reader.received).toEqual([]);
    expect(broker.refusedUsers.CREDENCIAL_REVOGADA).toBe(2);
    server.end();
    await stop();
  });

  it('a will whose owner is no longer here belongs to nobody', async () => {
    const { broker, stop } = await embedded(new Table());
    // As the library asks for one that its owner has left behind.
    const { aedes } = broker as unknown as { readonly aedes: Aedes };
    const packet = { topic: 'kvs/padrao/presenca/oA', payload: Buffer.from('x'), qos: 1 } as PublishPacket;
    const refusal = await new Promise((resolve) => {
      aedes.authorizePublish(null, packet, resolve);
    });
    expect(refusal).toMatchObject({ message: 'PUBLICACAO_RECUSADA' });
    await stop();
  });

  it('only a server connects under the name of a server: one that takes it disconnects the other', async () => {
    const { port, stop } = await embedded(new Table());
    const clientId = 'kvs:padrao:oA';
    const server = await MqttUser.connect(port, files.ca, login('servidor'), { clientId });
    await expect(MqttUser.connect(port, files.ca, login('admin'), { clientId })).rejects.toMatchObject({
      code: 2,
    });
    expect(server.client.connected).toBe(true);
    server.end();
    await stop();
  });
});

describe.runIf(mosquittoAvailable())('Mosquitto with mosquitto-seguro.conf and mosquitto-acl.conf', () => {
  behaves(mosquitto);
});
