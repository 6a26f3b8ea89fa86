import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../cli/program.js';
import { DataFolder } from '../support/data-folder.js';
import { soon } from '../support/e2e-fleet.js';
import { freePort } from '../support/net.js';
import { ServerProcess } from '../support/server-process.js';

const KEY = '$kvs/retencao';

/** Real servers of one fleet: rules of an option, and rules stored on one server and followed by another. */
describe('retention on real servers', () => {
  const servers: ServerProcess[] = [];
  let folder: DataFolder;
  let args: readonly string[];

  beforeEach(async () => {
    folder = await DataFolder.open();
    args = ['--broker-local', `127.0.0.1:${await freePort()}`];
  });
  afterEach(async () => {
    for (const server of servers) if (server.running) await server.kill9();
    servers.length = 0;
    await folder.remove();
  });

  const start = async (more: readonly string[] = []): Promise<ServerProcess> => {
    const server = await ServerProcess.start({ fleet: `reter-${process.pid}`, args: [...args, ...more] });
    servers.push(server);
    await server.ready();
    return server;
  };
  const retention = (server: ServerProcess, ...words: readonly string[]) =>
    run(['retencao', ...words, '-p', String(server.port)]);
  /** Writes the next versions of a key, one after the other. */
  const write = async (server: ServerProcess, key: string, times: number): Promise<void> => {
    for (let n = 1; n <= times; n++) await server.client.insere(key, `valor ${n}`);
  };
  /** The oldest version that a server still has. */
  const oldest = async (server: ServerProcess, key: string, most: number): Promise<number> => {
    for (let version = 1; version <= most; version++) {
      if ((await server.client.consulta(key, version)).versao === version) return version;
    }
    return 0;
  };

  it('keeps what the option says, and after kill -9 too', async () => {
    const server = await start(['--retencao', 'log/=3', ...folder.args]);
    await write(server, 'log/a', 10);
    await write(server, 'outra', 4);
    await soon('three are left', async () => (await oldest(server, 'log/a', 10)) === 8);
    expect(await oldest(server, 'outra', 4)).toBe(1);
    await server.kill9();
    await server.restart();
    await server.ready();
    expect(await oldest(server, 'log/a', 10)).toBe(8);
    expect((await server.client.insere('log/a', 'mais')).versao).toBe(11);
    await soon('three are left again', async () => (await oldest(server, 'log/a', 11)) === 9);
  }, 120_000);

  it('is set on one server, followed on all, and kept on the disk', async () => {
    const [one, other] = [await start(), await start(folder.args)];
    await write(one, 'log/a', 12);
    expect(await retention(one)).toMatchObject({ code: 0, stdout: 'nenhuma regra gravada\n' });
    const asked = await retention(one, 'define', 'log/', '--versoes', '2');
    expect(asked).toMatchObject({ code: 2, stdout: '' });
    expect(asked.stderr).toMatch(/só ficam as últimas 2 versões .*repita com --sim/);
    expect(await retention(one, 'define', 'log/', '--versoes', '2', '--sim')).toMatchObject({
      code: 0,
      stdout: 'gravada a regra de "log/": 1 regra gravada\n',
    });
    expect(await retention(one, 'define', '', '--versoes', '100', '--idade', '30d', '--sim')).toMatchObject({
      code: 0,
      stdout: 'gravada a regra das chaves sem outra regra: 2 regras gravadas\n',
    });
    for (const server of [one, other])
      await soon('two are left', async () => (await oldest(server, 'log/a', 12)) === 11);
    const listed = await retention(other, 'lista', '--json');
    expect(listed.stdout).toBe(
      '{"prefixo":"","versoes":100,"idade":"30d"}\n{"prefixo":"log/","versoes":2}\n',
    );
    expect((await retention(other)).stdout).toMatch(
      /\(todas as chaves\).*100.*30d[\s\S]*log\/.*2[\s\S]*2 regras/,
    );
    // The fleet goes away; what the disk has still says which versions stay.
    await one.stop();
    await other.stop();
    await other.restart();
    await other.ready();
    await write(other, 'log/a', 3);
    await soon('two are left', async () => (await oldest(other, 'log/a', 15)) === 14);
    expect(await retention(other, 'retira', 'log/')).toMatchObject({
      code: 0,
      stdout: 'retirada a regra de "log/": 1 regra gravada\n',
    });
    expect(await retention(other, 'retira', 'log/')).toMatchObject({ code: 3 });
  }, 180_000);

  it('removes nothing while the stored setting cannot be read, and health says so', async () => {
    const server = await start(['--retencao', 'log/=1']);
    await server.client.insere(KEY, '[{"prefixo":"log/"}]');
    await soon('the log says so', () =>
      server.wholeLog.some(({ mensagem }) => mensagem.includes('não serve')),
    );
    expect(await server.client.health('kvs.retencao')).toBe('NOT_SERVING');
    await write(server, 'log/a', 5);
    const refused = await retention(server, 'define', 'log/', '--versoes', '2', '--sim');
    expect(refused).toMatchObject({ code: 4 });
    expect(refused.stderr).toContain('falta "versoes" ou "idade"');
    expect(refused.stderr).toContain("kvs cliente -p PORTA -o remove -k '$kvs/retencao' --sim");
    expect(await oldest(server, 'log/a', 5)).toBe(1);
    await server.client.remove(KEY);
    await soon('the option is in force', async () => (await oldest(server, 'log/a', 5)) === 5);
    expect(await server.client.health('kvs.retencao')).toBe('SERVING');
    expect(await server.client.health('kvs.limites')).toBe('SERVING');
  }, 120_000);
});
