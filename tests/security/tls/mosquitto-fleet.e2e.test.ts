import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pairArgs, TestCertificates } from '../../support/certificates.js';
import type { Pair } from '../../support/certificates.js';
import { soon } from '../../support/e2e-fleet.js';
import { verifyLedgers, Writer } from '../../support/e2e-writer.js';
import { eventually } from '../../support/eventually.js';
import { kvs } from '../../support/kvs-program.js';
import { mosquittoAvailable } from '../../support/mosquitto.js';
import { MqttUser } from '../../support/mqtt-user.js';
import { ServerProcess } from '../../support/server-process.js';
import { startShippedMosquitto } from '../../support/shipped-mosquitto.js';
import type { ShippedMosquitto, ShippedOptions } from '../../support/shipped-mosquitto.js';
import { greet, pem } from '../../support/tls-peers.js';

/** What must not come has not come by then. */
const SILENCE_MS = 300;
const REQUIRED = 'require_certificate true';
const IDENTITY = 'use_identity_as_username true';
const LOGIN = { user: 'servidor', password: 'senha de teste' };
const OUT_OF_REACH = 'broker fora de alcance';
const DAY_S = 86_400;

let files: TestCertificates;
/** What stands for the server to its broker, as `kvs certificados` makes it. */
let own: Pair;
let loginArgs: readonly string[];

beforeAll(async () => {
  files = await TestCertificates.make();
  own = await files.server('servidor');
  const login = join(files.folder, 'broker.txt');
  await writeFile(login, `${LOGIN.user}:${LOGIN.password}\n`, { mode: 0o600 });
  loginArgs = ['--broker-credenciais', login];
});
afterAll(() => files.remove());

let broker: ShippedMosquitto;
let servers: ServerProcess[];
beforeEach(() => {
  servers = [];
});
afterEach(async () => {
  for (const one of servers) if (one.running) await one.kill9();
  await broker.stop();
});

async function open(options: Partial<ShippedOptions> = {}): Promise<void> {
  const passwords = { [LOGIN.user]: LOGIN.password };
  broker = await startShippedMosquitto({
    ...{ shown: await files.server('broker'), ca: files.ca, passwords },
    ...options,
  });
}

/** A server of the fleet that the shipped ACL names. @param shown its certificate, if it has one */
async function serve(
  shown: Pair | undefined,
  ca: string,
  ...args: readonly string[]
): Promise<ServerProcess> {
  const known = [files.ca, files.strangerCa, files.selfSigned.certificate];
  const authorities = Buffer.concat(known.map((file) => readFileSync(file)));
  const server = await ServerProcess.start({
    fleet: 'padrao',
    args: [...(shown ? pairArgs(shown) : []), '--tls-ca', ca, ...args],
    security: shown ? { ca: authorities } : {},
  });
  servers.push(server);
  return server;
}

const secure = (scheme = 'mqtts'): readonly string[] => ['--broker', `${scheme}://localhost:${broker.port}`];

/** What one writes another gets, also one that comes later and takes the state. */
async function replicates(add: () => Promise<ServerProcess>): Promise<void> {
  const [a, b] = [await add(), await add()];
  await Promise.all([a.ready(), b.ready()]);
  await a.client.insere('nome', 'Maria');
  await soon('the other has it', async () => (await b.client.consulta('nome')).valor === 'Maria');
  const late = await add();
  await late.ready();
  expect(await late.client.consulta('nome')).toMatchObject({ valor: 'Maria', versao: 1 });
  for (const one of [a, b, late]) expect(one.logged(OUT_OF_REACH)).toBeUndefined();
}

describe.runIf(mosquittoAvailable())('mutual TLS with Mosquitto, as mosquitto-seguro.conf says', () => {
  it('require_certificate: the fleet gets in with certificate, user and password, and replicates', async () => {
    await open({ switchedOn: [REQUIRED] });
    await replicates(() => serve(own, files.ca, ...secure(), ...loginArgs));
    // The certificate alone is not enough here.
    await expect(MqttUser.connect(broker.port, files.ca, undefined, pem(own))).rejects.toMatchObject({
      code: 5,
    });
  }, 120_000);

  it('use_identity_as_username: the certificate names the user; the fleet replicates without a password', async () => {
    await open({ switchedOn: [REQUIRED, IDENTITY] });
    await replicates(() => serve(own, files.ca, ...secure()));
  }, 120_000);

  it.each([
    ['nenhum certificado', undefined, 'SEM_CERTIFICADO'],
    ['um assinado por si mesmo', () => Promise.resolve(files.selfSigned), 'CERTIFICADO_RECUSADO'],
    ['um de outra autoridade', () => files.strangerServer(), 'CERTIFICADO_RECUSADO'],
  ])(
    'a server with %s stays out: one code in the log, and it serves alone',
    async (_, make, code) => {
      await open({ switchedOn: [REQUIRED, IDENTITY] });
      const outsider = await serve(await make?.(), files.ca, ...secure(), ...loginArgs);
      await soon('refused', () => outsider.logged(OUT_OF_REACH));
      expect(outsider.logged(OUT_OF_REACH)).toMatchObject({ motivo: code });
      await outsider.ready();
      expect(await outsider.client.insere('sozinho', 'aqui')).toMatchObject({ versao: 1 });
      expect(outsider.logged('conectado ao broker')).toBeUndefined();
    },
    60_000,
  );

  it('a client with an expired certificate stays out, and a server with one does not even start', async () => {
    await open({ switchedOn: [REQUIRED, IDENTITY] });
    const expired = await files.client('velho', -1);
    await expect(MqttUser.connect(broker.port, files.ca, LOGIN, pem(expired))).rejects.toThrow();
    const started = await kvs(['servidor', '0', ...pairArgs(expired), '--tls-ca', files.ca, ...secure()]);
    expect(started).toMatchObject({ code: 2, stdout: '' });
    expect(started.stderr).toMatch(/^kvs: [^\n]*venceu em [^\n]*\n$/);
  });

  it('the holder of a reader certificate is a reader, whatever user and password it gives', async () => {
    await open({ switchedOn: [REQUIRED, IDENTITY] });
    const enter = async (name: string): Promise<MqttUser> =>
      MqttUser.connect(broker.port, files.ca, LOGIN, pem(await files.client(name)));
    const [server, reader, stranger] = [
      await enter('servidor'),
      await enter('leitura'),
      await enter('ninguem'),
    ];
    for (const client of [server, reader, stranger])
      for (const filter of ['kvs/padrao/#', 'portal/#']) await client.subscribe(filter);
    await reader.publish('kvs/padrao/mutacoes/oA', 'falso');
    await reader.publish('portal/admin/aluno/create', 'falso');
    await server.publish('kvs/padrao/mutacoes/oA', 'segredo');
    await server.publish('portal/admin/aluno/create', 'pedido');
    await eventually('the request', () => reader.received.length > 0);
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    expect(server.received).toEqual(['kvs/padrao/mutacoes/oA segredo', 'portal/admin/aluno/create pedido']);
    expect(reader.received).toEqual(['portal/admin/aluno/create pedido']);
    expect(stranger.received).toEqual([]);
    for (const client of [server, reader, stranger]) client.end();
  });

  it('all certificates and the authority replaced while the fleet writes, without restarting a server', async () => {
    const used = {
      certificate: join(files.folder, 'uso.pem'),
      key: join(files.folder, 'uso-chave.pem'),
      serial: '',
    };
    const ca = join(files.folder, 'uso-ca.pem');
    const put = async (pair: Pair, ...authorities: readonly string[]): Promise<void> => {
      await copyFile(pair.key, used.key);
      await copyFile(pair.certificate, used.certificate);
      await writeFile(ca, (await Promise.all(authorities.map((file) => readFile(file)))).join(''));
    };
    await put(own, files.ca);
    const first = await files.server('broker');
    await open({ shown: first, switchedOn: [REQUIRED, IDENTITY] });
    const [a, b] = [await serve(used, ca, ...secure()), await serve(used, ca, ...secure())];
    await Promise.all([a.ready(), b.ready()]);
    const writers = [a, b].map((server, i) => new Writer(server, { name: `escritor${i}`, perSecond: 100 }));
    const goesOn = async (): Promise<void> => {
      for (const writer of writers) {
        const { acknowledged } = writer;
        await soon('writes go on', () => writer.acknowledged > acknowledged + 50);
      }
    };
    const reload = async (): Promise<void> => {
      for (const server of [a, b]) {
        const before = server.countLogged('recarregado: certificados');
        process.kill(server.pid, 'SIGHUP');
        await soon('reloaded', () => server.countLogged('recarregado: certificados') === before + 1);
      }
      await goesOn();
    };
    await goesOn();

    // A new certificate of the same authority: Mosquitto takes it up, and the servers stay connected.
    const second = await files.server('broker-novo');
    await broker.put(second, files.ca);
    broker.hangUp();
    const shown = async (): Promise<unknown> =>
      (await greet(broker.port, { ca: readFileSync(files.ca), ...pem(own) }, 200)).serial;
    await eventually('the new certificate', async () => (await shown()) === second.serial);
    await goesOn();
    for (const server of [a, b]) expect(server.countLogged('conexão com o broker perdida')).toBe(0);

    // Another authority: first everyone knows both, then everyone shows the new, then nobody knows the old.
    const renewed = await files.strangerServer();
    await put(own, files.ca, files.strangerCa);
    await reload();
    await broker.put(second, ca);
    await broker.restart();
    await soon('back', () => [a, b].every((server) => server.countLogged('conectado ao broker') === 2));
    await put(renewed, files.ca, files.strangerCa);
    await reload();
    await put(renewed, files.strangerCa);
    await reload();
    await broker.put(renewed, files.strangerCa);
    await broker.restart();
    await soon('back again', () => [a, b].every((server) => server.countLogged('conectado ao broker') === 3));
    await goesOn();
    for (const writer of writers) await writer.stop();
    const late = await serve(used, ca, ...secure());
    await late.ready();
    for (const server of [a, b, late]) {
      await soon('everything is everywhere', async () => {
        await verifyLedgers(writers, server);
        return true;
      });
    }
    const old = MqttUser.connect(broker.port, files.strangerCa, LOGIN, pem(own));
    await expect(old).rejects.toThrow();
  }, 180_000);

  it('a certificate that expires in use: the connection stays, the next needs a new one and SIGHUP', async () => {
    await open({ switchedOn: [REQUIRED, IDENTITY] });
    const used = {
      certificate: join(files.folder, 'curto.pem'),
      key: join(files.folder, 'curto-chave.pem'),
      serial: '',
    };
    const endsMs = Date.now() + 8_000;
    const short = await files.server('curto-primeiro', ['localhost', '127.0.0.1'], 8 / DAY_S);
    await copyFile(short.key, used.key);
    await copyFile(short.certificate, used.certificate);
    const brief = await serve(used, files.ca, ...secure());
    const other = await serve(own, files.ca, ...secure());
    await Promise.all([brief.ready(), other.ready()]);
    await new Promise((resolve) => setTimeout(resolve, endsMs + 2_000 - Date.now()));
    expect(brief.countLogged('conexão com o broker perdida')).toBe(0);
    await brief.client.insere('antes', 'ainda ligado');
    await soon('it still replicates', async () => (await other.client.consulta('antes')).versao === 1);
    await broker.restart();
    await soon('refused', () => brief.log.some(({ motivo }) => motivo === 'CERTIFICADO_RECUSADO'));
    await soon('the other is back', () => other.countLogged('conectado ao broker') === 2);
    await brief.client.insere('durante', 'escrito sozinho');
    await copyFile(own.key, used.key);
    await copyFile(own.certificate, used.certificate);
    process.kill(brief.pid, 'SIGHUP');
    await soon('it came back', async () => (await other.client.consulta('durante')).versao === 1);
  }, 120_000);
});

describe.runIf(mosquittoAvailable())('MQTT over WebSocket and TLS to Mosquitto', () => {
  const web = { listener: ['protocol websockets', 'socket_domain ipv4'] };

  it('wss://: user, password and ACL as over mqtts://, and the fleet replicates', async () => {
    await open(web);
    await replicates(() => serve(own, files.ca, ...secure('wss'), ...loginArgs));
    const [first] = servers;
    expect(first?.logged('conectado ao broker')).toMatchObject({ broker: `wss://localhost:${broker.port}/` });
  }, 120_000);

  it('wss:// and mutual TLS: with a certificate it gets in, without one it does not', async () => {
    await open({ ...web, switchedOn: [REQUIRED] });
    const outsider = await serve(undefined, files.ca, ...secure('wss'), ...loginArgs);
    await soon('refused', () => outsider.logged(OUT_OF_REACH));
    expect(outsider.logged(OUT_OF_REACH)).toMatchObject({ motivo: 'SEM_CERTIFICADO' });
    await replicates(() => serve(own, files.ca, ...secure('wss'), ...loginArgs));
  }, 120_000);

  it.each(['mqtts', 'wss'])(
    '%s:// to a broker of another authority: the same code, and nothing is said',
    async (scheme) => {
      await open({ shown: await files.strangerServer(), ...(scheme === 'wss' ? web : {}) });
      const alone = await serve(undefined, files.ca, ...secure(scheme), ...loginArgs);
      await soon('refused', () => alone.logged(OUT_OF_REACH));
      expect(alone.logged(OUT_OF_REACH)).toMatchObject({ motivo: 'CERTIFICADO_DESCONHECIDO' });
      await alone.ready();
      expect(alone.logged('conectado ao broker')).toBeUndefined();
    },
    60_000,
  );

  it('ws:// and a password: the log says that it travels in the clear', async () => {
    await open(web);
    // An address that is not loopback by name, and goes nowhere else.
    const server = await serve(undefined, files.ca, '--broker', `ws://0.0.0.0:${broker.port}`, ...loginArgs);
    expect(server.logged('a senha do broker')).toMatchObject({
      nivel: 'warn',
      mensagem: expect.stringContaining(`às claras até ws://0.0.0.0:${broker.port}/`) as string,
    });
    await soon('refused', () => server.logged(OUT_OF_REACH));
    expect(server.logged(OUT_OF_REACH)).toMatchObject({ motivo: 'EXIGE_TLS' });
  }, 60_000);
});
