import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { soon } from '../support/e2e-fleet.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import type { Mosquitto } from '../support/mosquitto.js';
import { ServerProcess } from '../support/server-process.js';

const REFUSED = 'o broker não aceita o usuário e a senha';

describe.skipIf(!mosquittoAvailable())('a broker that asks for a password', () => {
  let folder: string;
  let broker: Mosquitto;
  let servers: ServerProcess[];

  beforeEach(async () => {
    servers = [];
    folder = await mkdtemp(join(tmpdir(), 'kvs-senha-'));
    await chmod(folder, 0o755);
    await setPassword('primeira');
    broker = await startMosquitto({
      conf: `allow_anonymous false\npassword_file ${join(folder, 'senhas')}\n`,
    });
  });
  afterEach(async () => {
    for (const server of servers) if (server.running) await server.kill9();
    await broker.stop();
    await rm(folder, { recursive: true });
  });

  async function setPassword(password: string): Promise<void> {
    const file = join(folder, 'senhas');
    await writeFile(file, '');
    execFileSync('mosquitto_passwd', ['-b', file, 'frota', password], { stdio: 'ignore' });
    await chmod(file, 0o644);
  }

  const login = (): string => join(folder, 'login.txt');

  async function start(...args: readonly string[]): Promise<ServerProcess> {
    const server = await ServerProcess.start({ fleet: 'senha', args: ['--broker', broker.url, ...args] });
    servers.push(server);
    return server;
  }

  it('SIGHUP reads a changed one, connects anew with it, and ends nobody', async () => {
    await writeFile(login(), 'frota:primeira\n', { mode: 0o600 });
    const server = await start('--broker-credenciais', login());
    await server.ready();
    await server.client.insere('nome', 'maria');
    await setPassword('segunda');
    await broker.restart();
    await soon('the old one is refused', () => server.logged(REFUSED));
    await writeFile(login(), 'frota:segunda\n', { mode: 0o600 });
    process.kill(server.pid, 'SIGHUP');
    await soon('read again', () => server.logged('recarregado: senha do broker'));
    await soon('connected', () => server.countLogged('conectado ao broker') === 2);
    // While it is connected too: the connection is made anew.
    await setPassword('terceira');
    process.kill(broker.pid, 'SIGHUP');
    await writeFile(login(), 'frota:terceira\n', { mode: 0o600 });
    process.kill(server.pid, 'SIGHUP');
    await soon('connected anew', () => server.countLogged('conectado ao broker') === 3);
    expect(server.running).toBe(true);
    expect((await server.client.consulta('nome')).versao).toBe(1);
    await server.stop();
  }, 120_000);

  it('without one: what to do is said once, not at every attempt', async () => {
    const server = await start();
    const said = await soon('said', () => server.logged('o broker pede usuário e senha'));
    expect(said).toMatchObject({ motivo: 'CONNACK_5', detalhe: 'sem autorização' });
    expect(said.mensagem).toContain('--broker-credenciais');
    await server.ready();
    // Several attempts later.
    await soon('another attempt', () => server.logged('atendendo'));
    expect(server.log.filter(({ motivo }) => motivo === 'CONNACK_5')).toHaveLength(1);
  }, 60_000);
});

describe.skipIf(!mosquittoAvailable())('a broker without QoS 1', () => {
  it('is named, with what to set', async () => {
    const broker = await startMosquitto({ conf: 'allow_anonymous true\nmax_qos 0\n' });
    const server = await ServerProcess.start({ fleet: 'qos', args: ['--broker', broker.url] });
    const said = await soon('said', () => server.logged('o broker só leva QoS 0'));
    expect(said).toMatchObject({ motivo: 'SEM_QOS_1', nivel: 'error' });
    await server.kill9();
    await broker.stop();
  }, 60_000);
});
