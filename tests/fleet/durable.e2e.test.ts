import { cp } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { DataFolder, fillDisk } from '../support/data-folder.js';
import { soon } from '../support/e2e-fleet.js';
import { verifyCounters, verifyLedgers, Writer } from '../support/e2e-writer.js';
import { freePort } from '../support/net.js';
import { runKvs, ServerProcess } from '../support/server-process.js';
import { TermsClient } from '../support/terms-client.js';

const ROUNDS = 3;

/** A data folder, and servers of a fleet on an embedded broker of their own. */
class Stand {
  readonly servers: ServerProcess[] = [];

  private constructor(
    readonly folder: DataFolder,
    readonly args: readonly string[],
  ) {}

  static async open({ onTestFinished }: TestContext): Promise<Stand> {
    const args = ['--broker-local', `127.0.0.1:${await freePort()}`];
    const stand = new Stand(await DataFolder.open(), args);
    onTestFinished(async () => {
      for (const server of stand.servers) if (server.running) await server.kill9();
      await stand.folder.remove();
    }, 60_000);
    return stand;
  }

  /** A server on the folder, or with other arguments; it may still be joining. */
  async add(args: readonly string[] = [...this.args, ...this.folder.args]): Promise<ServerProcess> {
    const server = await ServerProcess.start({ fleet: 'dados', args });
    this.servers.push(server);
    return server;
  }

  /** A server on the folder that serves. */
  async serve(): Promise<ServerProcess> {
    const server = await this.add();
    await server.ready();
    return server;
  }
}

/** One real server with a data folder, alone in its fleet. Most of the time each starts again, which takes seconds: all at once. */
describe('a server with --dados', { concurrent: true }, () => {
  it('has everything acknowledged after kill -9 at any moment, and goes on counting', async (context) => {
    const stand = await Stand.open(context);
    const server = await stand.serve();
    const writers: Writer[] = [];
    const origins = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      origins.add(server.origin);
      const writer = new Writer(server, { name: `rodada${round}`, perSecond: 3_000, keys: 80 });
      writers.push(writer);
      await soon('writes go on', () => writer.acknowledged > 200 + 331 * round);
      await server.kill9();
      await writer.stop();
      expect(writer.cutBy).toBeDefined();
      await server.restart();
      await server.ready();
      await verifyLedgers(writers, server);
    }
    await verifyCounters(writers, server);
    expect(origins.size).toBe(ROUNDS);
    await server.stop();
    await server.restart();
    await server.ready();
    await verifyLedgers(writers, server);
    expect(server.wholeLog.filter(({ nivel }) => nivel === 'error')).toEqual([]);
  }, 240_000);

  it('is started with a torn last record', async (context) => {
    const stand = await Stand.open(context);
    const server = await stand.serve();
    await server.client.insereVarias(Array.from({ length: 200 }, (_, i) => [`chave${i}`, 'primeira']));
    // This group alone is cut.
    await server.client.insere('rasgada', 'x'.repeat(5_000));
    await server.kill9();
    await stand.folder.tear(1_000);
    await server.restart();
    await server.ready();
    const rows = await server.client.snapshot();
    expect(rows.map(({ chave }) => chave).sort()).toEqual(
      Array.from({ length: 200 }, (_, i) => `chave${i}`).sort(),
    );
    expect((await server.client.insere('rasgada', 'outra vez')).versao).toBe(1);
  }, 240_000);

  it('refuses writes on a full disk, serves reads, and goes on when there is room again', async (context) => {
    const stand = await Stand.open(context);
    const server = await stand.serve();
    await server.client.insere('antes', 'valor');
    await fillDisk(server.pid, true);
    for (let i = 0; i < 3; i++) {
      await expect(server.client.insere(`durante${i}`, 'valor')).rejects.toMatchObject({ code: 8 });
    }
    await expect(server.client.remove('antes')).rejects.toMatchObject({ code: 8 });
    expect((await server.client.consulta('antes')).valor).toBe('valor');
    expect((await server.client.consulta('durante0')).versao).toBe(0);
    expect(await server.client.health()).toBe('SERVING');
    for (const name of ['kvs.frota', 'kvs.disco'])
      expect(await server.client.health(name)).toBe('NOT_SERVING');
    expect(server.logged('o disco recusou uma gravação')).toMatchObject({ codigo: 'DISCO_CHEIO' });

    await fillDisk(server.pid, false);
    await soon('writes are taken again', async () => {
      const { versao } = await server.client.insere('depois', 'valor').catch(() => ({ versao: 0 }));
      return versao === 1;
    });
    for (const name of ['kvs.frota', 'kvs.disco']) expect(await server.client.health(name)).toBe('SERVING');
    await server.kill9();
    await server.restart();
    await server.ready();
    const keys = (await server.client.snapshot()).map(({ chave }) => chave).sort();
    expect(keys).toEqual(['antes', 'depois']);
  }, 240_000);

  it('shows what it receives on a full disk, says that only memory has it, and leads no session back', async (context) => {
    const stand = await Stand.open(context);
    const { args, folder } = stand;
    const other = await stand.add(args);
    await other.ready();
    expect(await other.client.health('kvs.disco').catch(() => 'unknown')).toBe('unknown');
    const server = await stand.serve();
    await other.client.insere('chave', 'antes');
    const sees = (version: number) => async (): Promise<boolean> =>
      (await server.client.consulta('chave')).versao === version;
    await soon('it has the first', sees(1));
    expect(await server.client.health('kvs.disco')).toBe('SERVING');
    // Everything received so far is on the disk before it.
    await server.client.insere('própria', 'valor');
    await fillDisk(server.pid, true);
    await other.client.insere('chave', 'durante');
    await soon('it shows the second', sees(2));
    await soon('it says so', async () => (await server.client.health('kvs.disco')) === 'NOT_SERVING');
    expect(server.logged('o disco recusou uma gravação')?.mensagem).toContain('fica só na memória');
    const reader = new TermsClient(server.port);
    const { sessao = '' } = await reader.consulta('chave', { sessao: '' });
    expect(sessao).not.toBe('');
    reader.close();
    await server.kill9();

    // Where it reaches nobody it has what its disk has.
    await server.restart({ args: ['--broker-local', `127.0.0.1:${await freePort()}`, ...folder.args] });
    await server.ready();
    expect(await server.client.consulta('chave')).toMatchObject({ valor: 'antes', versao: 1 });
    const again = new TermsClient(server.port);
    expect((await again.consulta('chave', { sessao })).erro).toContain('SESSAO_ADIANTE');
    again.close();
    await server.stop();
    await server.restart({ args: [...args, ...folder.args] });
    await server.ready();
    await soon('it has caught up', sees(2));
  }, 240_000);

  it('keeps a second process out of its folder, with one line and exit code 2', async (context) => {
    const stand = await Stand.open(context);
    const server = await stand.serve();
    const { args, folder } = stand;
    const second = runKvs([
      'servidor',
      String(await freePort()),
      '--frota',
      'dados',
      ...args,
      ...folder.args,
    ]);
    expect(await second.ended).toBe(2);
    expect(second.plain).toEqual([`kvs: os dados em ${folder.path} já estão em uso por outro processo`]);
    expect((await server.client.insere('segue', 'valendo')).versao).toBe(1);
    await server.kill9();
    const other = runKvs(['servidor', String(await freePort()), '--frota', 'outra', ...args, ...folder.args]);
    expect(await other.ended).toBe(2);
    expect(other.plain).toEqual([
      `kvs: não é possível usar os dados em ${folder.path}: os dados são da frota "dados", não de "outra"`,
    ]);
  }, 240_000);

  it('serves a folder copied back from last week while nobody can be reached, and then joins what went on', async (context) => {
    const stand = await Stand.open(context);
    const { args, folder } = stand;
    const first = await stand.serve();
    await first.client.insereVarias([
      ['fica', 'velha'],
      ['some', 'velha'],
    ]);
    await first.kill9();
    const copy = await DataFolder.open();
    try {
      await cp(folder.path, copy.path, { recursive: true });
      await first.restart();
      await first.ready();
      // Life goes on: in the copy this is the future.
      await first.client.remove('some');
      await first.client.insere('fica', 'nova');
      const lonely = ['--broker-local', `127.0.0.1:${await freePort()}`, ...copy.args];
      const second = await stand.add(lonely);
      await second.ready();
      expect((await second.client.consulta('some')).valor).toBe('velha');
      expect((await second.client.insere('fica', 'da cópia')).versao).toBe(2);
      expect((await second.client.insere('minha', 'da cópia')).versao).toBe(1);
      await second.kill9();
      // Now it can be reached: a third start of the same data, in the fleet.
      const third = await stand.add([...args, ...copy.args]);
      await third.ready();
      const rows = async (server: ServerProcess): Promise<string[]> =>
        (await server.client.snapshot())
          .map(({ chave, versao, valor }) => `${chave} ${versao} ${valor}`)
          .sort();
      await soon('both have everything', async () => {
        const [a, b] = [await rows(first), await rows(third)];
        if (a.join() !== b.join() || a.length !== 2) throw new Error(`${a.join()} and ${b.join()}`);
        return true;
      });
      expect((await rows(first)).map((row) => row.split(' ')[0])).toEqual(['fica', 'minha']);
      expect((await first.client.consulta('fica', 1)).valor).toBe('velha');
    } finally {
      await copy.remove();
    }
  }, 240_000);
});
