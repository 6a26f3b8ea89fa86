import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pairArgs, TestCertificates } from '../support/certificates.js';
import { soon } from '../support/e2e-fleet.js';
import { verifyLedgers, Writer } from '../support/e2e-writer.js';
import { freshKey, KeyFile } from '../support/fleet-keys.js';
import { kvs } from '../support/kvs-program.js';
import { MqttUser } from '../support/mqtt-user.js';
import type { Login } from '../support/mqtt-user.js';
import { freePort } from '../support/net.js';
import { ServerProcess } from '../support/server-process.js';

/**
 * Everything at once, as docs/SECURITY.md stacks it: an embedded broker with TLS, users and roles, a fleet key, encryption,
 * and credentials at the doors. Off loopback the broker asks for users, so it listens on every address; only loopback is used.
 */
const FLEET = 'cofre';
const WORDS = ['segredo', 'formato', 'endereco', '127.0.0.1', 'origem', 'valor'];
const DROPPED = 'mensagem inválida descartada';
/** Beyond what servers keep of late writes: who comes later takes the state, page by page. */
const [LARGE_VALUES, LARGE_BYTES] = [640, 60_000] as const;

let files: TestCertificates;
let credentials: string;
let token: string;
const logins: Record<string, Login> = {};

beforeAll(async () => {
  files = await TestCertificates.make();
  credentials = join(files.folder, 'credenciais.json');
  const make = async (name: string, ...words: readonly string[]): Promise<string> => {
    const made = await kvs(['credencial', 'cria', name, '--papel', ...words, '--arquivo', credentials]);
    expect(made.code).toBe(0);
    const shown = made.stdout.trim();
    logins[name] = { user: name, password: shown.slice(shown.indexOf('.') + 1) };
    return shown;
  };
  token = await make('dona', 'administracao');
  for (const name of ['frota1', 'frota2', 'frota3', 'espia']) await make(name, 'servidor');
  await make('leitora', 'leitura', '--prefixo', 'portal/');
}, 60_000);
afterAll(() => files.remove());

describe('a fleet with a key on an embedded broker with users', () => {
  let keys: KeyFile;
  let port: number;
  let servers: ServerProcess[];
  let users: MqttUser[];
  /** What brokers are expected to refuse to servers. */
  let refusals: string[];

  beforeEach(async () => {
    [keys, port, servers, users] = [await KeyFile.open(freshKey()), await freePort(), [], []];
    refusals = [];
  });
  afterEach(async () => {
    for (const user of users) user.end();
    for (const server of servers) if (server.running) await server.kill9();
    await keys.remove();
    const errors = servers.flatMap(({ wholeLog }) => wholeLog.filter(({ nivel }) => nivel === 'error'));
    expect(errors.map(({ motivo }) => motivo)).toEqual(refusals);
  }, 60_000);

  /** Every server is ready to hold the broker, and shows it a credential of its own. */
  async function add(name: string): Promise<ServerProcess> {
    const login = join(files.folder, `${name}.txt`);
    await writeFile(login, `${name}:${loginOf(name).password}\n`, { mode: 0o600 });
    const pair = await files.server(name);
    const server = await ServerProcess.start({
      fleet: FLEET,
      args: [
        ...['--broker-local', `0.0.0.0:${port}`, '--credenciais', credentials, '--broker-credenciais', login],
        ...[...pairArgs(pair), '--tls-ca', files.ca, ...keys.args, '--cifra'],
      ],
      security: { ca: readFileSync(files.ca), token },
    });
    servers.push(server);
    return server;
  }

  /** Two that serve: the one with the broker, and the other. */
  async function pair(): Promise<readonly [host: ServerProcess, other: ServerProcess]> {
    const host = await add('frota1');
    await soon('its broker', () => host.hostsBroker && host.logged('conectado ao broker') !== undefined);
    const other = await add('frota2');
    await Promise.all([host.ready(), other.ready()]);
    return [host, other];
  }

  async function enter(name: string): Promise<MqttUser> {
    const user = await MqttUser.connect(port, files.ca, loginOf(name));
    users.push(user);
    return user;
  }

  it('replicates, to one that comes late and takes whole pages too, and shows nothing to who hears everything', async () => {
    const [host, other] = await pair();
    const administrator = await enter('dona');
    expect(await administrator.subscribe(`kvs/${FLEET}/#`)).toBe(1);
    expect(await administrator.subscribe('#')).toBe(128);
    // Who listens is a server's user: the broker waits for one that is slow, and cuts all others, so this one misses nothing.
    const listener = await enter('espia');
    const pieces: Buffer[] = [];
    let bytes = 0;
    listener.client.on('message', (topic, payload) => {
      pieces.push(Buffer.from(`${topic} `), payload);
      bytes += payload.length;
    });
    expect(await listener.subscribe(`kvs/${FLEET}/#`)).toBe(1);
    const large = Array.from({ length: LARGE_VALUES }, (_, i): [string, string] => [
      `segredo-${i}`,
      `segredo do valor ${i} `.padEnd(LARGE_BYTES, 'segredo '),
    ]);
    const { resposta } = await host.client.insereVarias(large);
    expect(resposta.every((version) => version === 1)).toBe(true);
    await other.client.insere('segredo-outro', 'segredo dito por outro');
    const late = await add('frota3');
    await late.ready();
    expect(late.logged('estado recebido')).toMatchObject({ chaves: expect.any(Number) as number });
    for (const server of servers) {
      await soon('all of it', async () => {
        const got = await server.client.consultaVarias(large.map(([chave]) => chave));
        return got.resposta.every(({ valor }, i) => valor === large[i]?.[1]);
      });
      await soon('and the other', async () => (await server.client.consulta('segredo-outro')).versao === 1);
    }
    await soon('all is heard', () => bytes > 2 * LARGE_VALUES * LARGE_BYTES);
    expect(listener.client.connected).toBe(true);
    const heard = Buffer.concat(pieces);
    // The channels of batches, presences and pages have all gone by.
    for (const channel of ['mutacoes', 'presenca', 'sincronia'])
      expect(heard.includes(`kvs/${FLEET}/${channel}/`), channel).toBe(true);
    for (const word of WORDS) expect(heard.includes(word), word).toBe(false);
    for (const server of servers) expect(server.logged(DROPPED)).toBeUndefined();
  }, 180_000);

  it('takes nothing from who may publish but has no key, whatever it repeats or moves', async () => {
    const [host, other] = await pair();
    const spy = await enter('espia');
    const heard: { readonly topic: string; readonly payload: Buffer }[] = [];
    spy.client.on('message', (topic, payload) => heard.push({ topic, payload }));
    await spy.subscribe(`kvs/${FLEET}/#`);
    await host.client.insere('nome', 'maria');
    await soon('replicated', async () => (await other.client.consulta('nome')).versao === 1);
    await host.client.remove('nome');
    await soon('removed', async () => (await other.client.consulta('nome')).versao === 0);
    const recording = [...heard];
    const batches = recording.filter(({ topic }) => topic.includes('/mutacoes/'));
    expect(batches.length).toBeGreaterThan(0);
    const say = (topic: string, payload: Buffer): Promise<unknown> =>
      spy.client.publishAsync(topic, payload, { qos: 1 });
    for (const { topic, payload } of recording) await say(topic, payload);
    for (const { payload } of batches) {
      await say(`kvs/${FLEET}/mutacoes/${other.origin}`, payload);
      await say(`kvs/${FLEET}/mutacoes/oFalsa`, payload);
    }
    const forged = { formato: 1, tipo: 'lote', frota: FLEET, origem: 'oFalsa', primeiro: 1 };
    const mutation = { op: 'insere', chave: 'falsa', valor: 'falsa', versao: 1, ts: 1 };
    await say(
      `kvs/${FLEET}/mutacoes/oFalsa`,
      Buffer.from(JSON.stringify({ ...forged, mutacoes: [mutation] })),
    );
    for (const server of [host, other]) {
      await soon('refused', () => server.logged(DROPPED));
      for (const key of ['nome', 'falsa'])
        expect(await server.client.consulta(key)).toMatchObject({ versao: 0 });
    }
    expect(await other.client.insere('nome', 'ana')).toMatchObject({ versao: 2 });
    await soon('they go on', async () => (await host.client.consulta('nome')).valor === 'ana');
  }, 120_000);

  it('tells at once that a server was killed: its will passes the rules of the broker and the seal', async () => {
    const [host, other] = await pair();
    await other.kill9();
    // Without the will it would be the silence of ten seconds, which says nothing in the log.
    await soon('the will', () => host.logged('servidor saiu da frota'));
    expect(host.logged('servidor saiu da frota')).toMatchObject({ par: other.origin });
    expect(host.logged('broker embutido: recusado')).toBeUndefined();
  }, 120_000);

  it('goes on at the broker of another when its own was killed, with the same rules, again and again', async () => {
    const [first, other] = await pair();
    const third = await add('frota3');
    await third.ready();
    const writers = [other, third].map(
      (server, i) => new Writer(server, { name: `segredo${i}`, perSecond: 100 }),
    );
    await soon('writes', () => writers.every(({ acknowledged }) => acknowledged > 50));
    let host = first;
    for (let round = 0; round < 2; round++) {
      const dead = host;
      const alive = servers.filter((server) => server !== dead);
      const before = alive.map((server) => server.countLogged('conectado ao broker'));
      await dead.kill9();
      await soon('another takes over', () => alive.some((server) => server.hostsBroker));
      await soon('all are back', () =>
        alive.every((server, i) => server.countLogged('conectado ao broker') > (before[i] ?? 0)),
      );
      host = alive.find((server) => server.hostsBroker)!;
      await holdsTheRules();
      await dead.restart();
      await dead.ready();
      expect(dead.hostsBroker).toBe(false);
    }
    for (const writer of writers) await writer.stop();
    // What a killed server had answered and not yet sent is gone with its memory.
    const survivors = writers.filter(({ cutBy }) => cutBy === undefined);
    expect(survivors).toHaveLength(1);
    for (const server of servers)
      await soon('everything is everywhere', async () => {
        await verifyLedgers(survivors, server);
        return true;
      });
  }, 240_000);

  /** What a broker of this fleet lets nobody do, whoever holds it. */
  async function holdsTheRules(): Promise<void> {
    await expect(MqttUser.connect(port, files.ca, undefined)).rejects.toMatchObject({ code: 4 });
    const wrong = { user: 'frota1', password: loginOf('frota2').password };
    await expect(MqttUser.connect(port, files.ca, wrong)).rejects.toMatchObject({ code: 4 });
    const reader = await enter('leitora');
    expect(await reader.subscribe(`kvs/${FLEET}/#`)).toBe(128);
    expect(await reader.publish(`kvs/${FLEET}/mutacoes/oFalsa`, '{}')).toBe(false);
  }

  it('cuts off a server whose credential was revoked, and only that one', async () => {
    const [host, other] = await pair();
    const third = await add('frota3');
    refusals = ['CONNACK_4'];
    await third.ready();
    const revoked = await kvs(['credencial', 'revoga', 'frota3', '--arquivo', credentials]);
    expect(revoked.code).toBe(0);
    for (const { pid } of [host, other]) process.kill(pid, 'SIGHUP');
    await soon('cut', () => third.logged('conexão com o broker perdida'));
    await soon('kept out', () => third.log.some(({ motivo }) => motivo === 'CONNACK_4'));
    await host.client.insere('depois', 'sem ela');
    await soon('the others go on', async () => (await other.client.consulta('depois')).versao === 1);
    expect(await third.client.consulta('depois')).toMatchObject({ versao: 0 });
    expect(other.countLogged('conectado ao broker')).toBe(1);
  }, 120_000);
});

function loginOf(name: string): Login {
  const login = logins[name];
  if (login === undefined) throw new Error(`no credential ${name}`);
  return login;
}
