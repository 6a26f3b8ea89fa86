import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { externalBrokers } from '../../../src/mqtt/broker-source.js';
import { parseBrokerUrl } from '../../../src/mqtt/broker-url.js';
import { EmbeddedBroker } from '../../../src/mqtt/embedded-broker.js';
import { MqttBus } from '../../../src/engines/fleet/bus/mqtt-bus.js';
import { tlsLimits } from '../../../src/security/tls/limits.js';
import { Transport } from '../../../src/security/tls/transport.js';
import { LogRecorder, Recorder } from '../../engines/fleet/bus/support.js';
import { TestCertificates } from '../../support/certificates.js';
import type { Pair } from '../../support/certificates.js';
import { eventually } from '../../support/eventually.js';
import { mosquittoAvailable, startMosquitto } from '../../support/mosquitto.js';
import { freePort } from '../../support/net.js';
import { realRandom, realTime } from '../../support/real-time.js';
import { greet, pem, SilentServer } from '../../support/tls-peers.js';

let files: TestCertificates;
beforeAll(async () => {
  files = await TestCertificates.make();
});
afterAll(() => files.remove());

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Broker {
  readonly port: number;
  /** As it is written in a URL; 127.0.0.1 if absent. */
  readonly host?: string;
  /** It speaks MQTT within a web socket. */
  readonly web?: boolean;
}

type StartBroker = (shown: Pair | undefined, requiresClient?: boolean) => Promise<Broker>;

const embedded: StartBroker = async (shown, requiresClient = false) => {
  const logger = new LogRecorder();
  const ca = requiresClient ? files.ca : undefined;
  const tls =
    shown === undefined
      ? undefined
      : await Transport.open({ ...shown, ca }, requiresClient, realTime, logger);
  return embeddedOver(tls, logger);
};

async function embeddedOver(tls: Transport | undefined, logger = new LogRecorder()): Promise<EmbeddedBroker> {
  const broker = await EmbeddedBroker.start({ host: '127.0.0.1', port: 0, time: realTime, logger, tls });
  cleanUps.push(() => broker.stop());
  return broker;
}

const mosquitto: StartBroker = (shown, requiresClient) => mosquittoListening([], shown, requiresClient);

const mosquittoWeb: StartBroker = async (shown, requiresClient) => {
  const listener = ['protocol websockets', 'socket_domain ipv4'];
  return { ...(await mosquittoListening(listener, shown, requiresClient)), web: true };
};

async function mosquittoListening(
  listener: readonly string[],
  shown: Pair | undefined,
  requiresClient = false,
  host = '127.0.0.1',
): Promise<Broker> {
  const [port, other] = [await freePort(), await freePort()];
  const conf = ['allow_anonymous true'];
  // First another one: with web sockets alone Mosquitto 2.0 finds nothing to listen on.
  conf.push(`listener ${other} 127.0.0.1`, `listener ${port} ${host}`, ...listener);
  if (shown !== undefined) {
    // Started by root, Mosquitto gives its rights up and must still read them.
    await chmod(files.folder, 0o755);
    await chmod(shown.key, 0o644);
    conf.push(
      'tls_version tlsv1.3',
      `certfile ${shown.certificate}`,
      `keyfile ${shown.key}`,
      `cafile ${files.ca}`,
    );
    if (requiresClient) conf.push('require_certificate true');
  }
  const waitFor = host === '127.0.0.1' ? port : other;
  const broker = await startMosquitto({ port: waitFor, conf: `${conf.join('\n')}\n`, ownListener: true });
  cleanUps.push(() => broker.stop());
  return { port };
}

interface Member {
  readonly bus: MqttBus;
  readonly log: LogRecorder;
  readonly transport: Transport;
  /** Code of the first failure in the log. */
  code(): unknown;
}

/** A server's connection to a broker. */
async function member(
  { port, host = '127.0.0.1', web }: Broker,
  own: Partial<Pair> = {},
  secure = true,
): Promise<Member> {
  const log = new LogRecorder();
  const { certificate, key } = own;
  const transport = await Transport.open({ certificate, key, ca: files.ca }, false, realTime, log);
  const protocol = `${web === true ? 'ws' : 'mqtt'}${secure ? 's' : ''}`;
  const address = parseBrokerUrl(`${protocol}://${host}:${port}`);
  const bus = new MqttBus({
    ...{ fleet: 'tls', origin: `o${port}`, time: realTime, random: realRandom, logger: log },
    brokers: externalBrokers([address], transport),
  });
  bus.start(new Recorder());
  cleanUps.push(() => bus.stop());
  const code = (): unknown => {
    const line = log.lines.find(({ message }) => message.startsWith('broker fora de alcance'));
    return line && (line.fields as { readonly motivo?: unknown }).motivo;
  };
  return { bus, log, transport, code };
}

function behaves(start: StartBroker): void {
  it('trusting the authority of the broker it connects, over TLS 1.3 and nothing older', async () => {
    const started = await start(await files.server('broker'));
    const { port, web } = started;
    const { bus } = await member(started);
    await eventually('connected', () => bus.connected);
    expect(bus.broker).toBe(web === true ? `wss://127.0.0.1:${port}/` : `mqtts://127.0.0.1:${port}`);
    const ca = readFileSync(files.ca);
    expect((await greet(port, { ca }, 200)).protocol).toBe('TLSv1.3');
    // Mosquitto takes no note of `tls_version` for web sockets: there only the server's side holds.
    if (web === true) return;
    expect(await greet(port, { ca, maxVersion: 'TLSv1.2' })).toMatchObject({
      serial: undefined,
      error: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    });
  });

  it.each([
    ['assinado por si mesmo', () => Promise.resolve(files.selfSigned), 'CERTIFICADO_AUTOASSINADO'],
    ['de outra autoridade', () => files.strangerServer(), 'CERTIFICADO_DESCONHECIDO'],
    ['de outro nome', () => files.server('outro', ['broker.exemplo']), 'NOME_ERRADO'],
    ['nenhum: sem TLS', () => Promise.resolve(undefined), 'SEM_TLS'],
  ])('broker certificate %s: one code in the log, and the server goes on alone', async (_, make, code) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const refused = await member(await start(await make()));
    expect([await eventually('a failure', refused.code), refused.bus.connected]).toEqual([code, false]);
    vi.unstubAllEnvs();
  });

  it('without TLS at a port with TLS', async () => {
    const refused = await member(await start(await files.server('broker')), {}, false);
    expect(await eventually('a failure', () => refused.code())).toBe('EXIGE_TLS');
  });

  it('mutual TLS: with a certificate it connects, without one it does not', async () => {
    const broker = await start(await files.server('broker'), true);
    const welcome = await member(broker, await files.client('servidor'));
    await eventually('connected', () => welcome.bus.connected);
    const refused = await member(broker);
    await eventually('a failure', () => refused.code());
    expect(refused.code()).toBe('SEM_CERTIFICADO');
    const expired = await greet(broker.port, {
      ca: readFileSync(files.ca),
      ...pem(await files.client('velho', -1)),
    });
    expect(expired.error).toBeDefined();
  });
}

describe('embedded broker', () => {
  behaves(embedded);

  it('certificates reloaded: new connections see the new one, open ones stay', async () => {
    const used = { certificate: join(files.folder, 'uso.pem'), key: join(files.folder, 'uso-chave.pem') };
    const [first, second] = [await files.server('primeiro'), await files.server('segundo')];
    const use = async (pair: Pair): Promise<void> => {
      await copyFile(pair.key, used.key);
      await copyFile(pair.certificate, used.certificate);
    };
    await use(first);
    const logger = new LogRecorder();
    const tls = await Transport.open(used, false, realTime, logger);
    const broker = await embeddedOver(tls, logger);
    const { bus } = await member(broker);
    await eventually('connected', () => bus.connected);
    const shown = async (): Promise<unknown> =>
      (await greet(broker.port, { ca: readFileSync(files.ca) }, 200)).serial;
    expect(await shown()).toBe(first.serial);
    await use(second);
    await tls.reload();
    expect(await shown()).toBe(second.serial);
    expect(bus.connected).toBe(true);
    expect(bus.counters.reconnects).toBe(0);
  });

  it('a replaced authority: who is only of the old one is refused, also resuming a session', async () => {
    const ca = join(files.folder, 'em-uso-ca.pem');
    await copyFile(files.ca, ca);
    const tls = await Transport.open(
      { ...(await files.server('broker')), ca },
      true,
      realTime,
      new LogRecorder(),
    );
    const broker = await embeddedOver(tls);
    const trusted = { ca: readFileSync(files.ca), ...pem(await files.client('antiga')) };
    const before = connectTls({ port: broker.port, host: '127.0.0.1', ...trusted });
    const [session] = (await once(before, 'session')) as [Buffer];
    before.destroy();
    expect((await greet(broker.port, { ...trusted, session })).error).toBeUndefined();
    await copyFile(files.strangerCa, ca);
    await tls.reload();
    expect((await greet(broker.port, trusted)).error).toBeDefined();
    expect((await greet(broker.port, { ...trusted, session })).error).toBeDefined();
    const renewed = { ca: readFileSync(files.ca), ...pem(await files.strangerClient('nova')) };
    expect((await greet(broker.port, renewed)).error).toBeUndefined();
  });

  it('counts what it refuses: no TLS, no certificate, bad certificate', async () => {
    const logger = new LogRecorder();
    const tls = await Transport.open(
      { ...(await files.server('broker')), ca: files.ca },
      true,
      realTime,
      logger,
    );
    const broker = await embeddedOver(tls, logger);
    const ca = readFileSync(files.ca);
    connectPlain(broker.port, '127.0.0.1')
      .on('error', () => undefined)
      .write('\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00');
    await greet(broker.port, { ca });
    await greet(broker.port, { ca, ...pem(await files.client('velho', -1)) });
    await greet(broker.port, { ca, ...pem(await files.strangerClient('maria')) });
    const counted = { SEM_CERTIFICADO: 1, CERTIFICADO_VENCIDO: 1, CERTIFICADO_DESCONHECIDO: 1, SEM_TLS: 1 };
    await eventually('the counts', () => {
      expect(broker.refused).toMatchObject(counted);
      return true;
    });
  });

  it('a client that connects and says nothing is disconnected and counted', async () => {
    const logger = new LogRecorder();
    const tls = await Transport.open(await files.server('broker'), false, realTime, logger);
    const broker = await embeddedOver(tls, logger);
    const socket = connectPlain(broker.port, '127.0.0.1').on('error', () => undefined);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    expect(broker.refused.APERTO_LENTO).toBe(1);
  });

  it('silent connections that fill the port keep nobody out', async () => {
    const logger = new LogRecorder();
    const tls = await Transport.open(await files.server('broker'), false, realTime, logger);
    const broker = await embeddedOver(tls, logger);
    const silent = Array.from({ length: tlsLimits.handshakes }, () =>
      connectPlain(broker.port, '127.0.0.1').on('error', () => undefined),
    );
    cleanUps.push(() => {
      for (const socket of silent) socket.destroy();
      return Promise.resolve();
    });
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    const client = connectTls({ port: broker.port, host: '127.0.0.1', ca: readFileSync(files.ca) });
    await once(client, 'secureConnect');
    client.destroy();
    await eventually('one of them gave way', () => broker.refused.APERTO_LENTO > 0);
  });

  it('a client that speaks TLS at the port without TLS is disconnected and counted', async () => {
    const logger = new LogRecorder();
    const broker = await embeddedOver(undefined, logger);
    await greet(broker.port, {});
    await eventually('a refusal', () =>
      logger.lines.some(({ fields }) => (fields as { readonly motivo?: unknown }).motivo === 'EXIGE_TLS'),
    );
    expect(broker.refused.EXIGE_TLS).toBe(1);
  });
});

describe.runIf(mosquittoAvailable())('Mosquitto', () => {
  behaves(mosquitto);
});

describe.runIf(mosquittoAvailable())('Mosquitto, over WebSocket', () => {
  behaves(mosquittoWeb);

  it('an IPv6 address is a name like any other: with it in the certificate it connects', async () => {
    const listener = ['protocol websockets', 'socket_domain ipv6'];
    const { port } = await mosquittoListening(listener, await files.server('broker'), false, '::1');
    const { bus } = await member({ port, host: '[::1]', web: true });
    await eventually('connected', () => bus.connected);
    expect(bus.broker).toBe(`wss://[::1]:${port}/`);
  });
});

describe('any broker', () => {
  const ways = [
    ['mqtts', false],
    ['wss', true],
  ] as const;

  it.each(ways)('with an expired certificate, over %s', async (_, web) => {
    const other = await SilentServer.start(await files.server('vencido', undefined, -1));
    cleanUps.push(() => other.stop());
    const refused = await member({ port: other.port, web });
    await eventually('a failure', () => refused.code());
    expect(refused.code()).toBe('CERTIFICADO_VENCIDO');
  });

  it.each(ways)('that speaks only TLS 1.2, over %s', async (_, web) => {
    const other = await SilentServer.start(await files.server('velho'), { maxVersion: 'TLSv1.2' });
    cleanUps.push(() => other.stop());
    const refused = await member({ port: other.port, web });
    await eventually('a failure', () => refused.code());
    expect(refused.code()).toBe('VERSAO_TLS');
  });

  it.each([
    ['o TLS', 'mqtts', false, false, 'SEM_TLS'],
    ['o TLS', 'wss', true, false, 'SEM_TLS'],
    ['o WebSocket', 'wss', true, true, 'ECONNRESET'],
  ])('that disconnects because it lacks %s, over %s', async (_missing, _by, web, secure, code) => {
    const { port } = await embedded(secure ? await files.server('broker') : undefined);
    const refused = await member({ port, web });
    await eventually('a failure', () => refused.code());
    expect(refused.code()).toBe(code);
  });

  it('new connections use the new files of the client', async () => {
    const own = { certificate: join(files.folder, 'meu.pem'), key: join(files.folder, 'meu-chave.pem') };
    const stranger = await files.strangerClient('servidor');
    await copyFile(stranger.key, own.key);
    await copyFile(stranger.certificate, own.certificate);
    const broker = await embedded(await files.server('broker'), true);
    const refused = await member(broker, { ...own, serial: '' });
    await eventually('a failure', () => refused.code());
    const good = await files.client('servidor');
    await copyFile(good.key, own.key);
    await copyFile(good.certificate, own.certificate);
    await refused.transport.reload();
    await eventually('connected', () => refused.bus.connected, 30_000);
  });
});
