import { execFile } from 'node:child_process';
import { chmod, lstat, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startConsensus } from '../support/consensus.js';
import { DataFolder } from '../support/data-folder.js';
import { openStand, openStandOn } from '../support/doors.js';
import { root } from '../support/e2e-build.js';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import { freePort } from '../support/net.js';
import { ServerProcess } from '../support/server-process.js';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function kvs(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const limits = { maxBuffer: 64 * 1024 * 1024, timeout: 60_000 };
    execFile(process.execPath, [join(root, 'bin/kvs'), ...args], limits, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr });
    });
  });
}

const MANY = 3_000;

describe('kvs exporta and kvs importa', () => {
  let from: ServerProcess;
  let into: ServerProcess;
  let folder: DataFolder;
  let file: string;

  beforeAll(async () => {
    folder = await DataFolder.open();
    file = join(folder.path, 'tudo.jsonl');
    const start = async (...more: readonly string[]): Promise<ServerProcess> => {
      const args = ['--broker-local', `127.0.0.1:${await freePort()}`, ...more];
      const server = await ServerProcess.start({ fleet: 'copia', args });
      await server.ready();
      return server;
    };
    [from, into] = await Promise.all([start(), start('--dados', join(folder.path, 'dados'))]);
    await from.client.insereVarias(
      Array.from({ length: MANY }, (_, i) => [`chave${i % 1_000}`, `valor ${i}\n"😀"`] as const),
    );
    await from.client.remove('chave7', 2);
    await from.client.remove('chave8');
  }, 120_000);
  afterAll(async () => {
    await from.stop();
    await into.stop();
    await folder.remove();
  });

  it('carry every version with its number and moment into another fleet, and only once', async () => {
    const exported = await kvs('exporta', file, '-p', String(from.port));
    expect(exported).toMatchObject({ code: 0, stdout: '' });
    // A slow machine has time for news in between.
    expect(exported.stderr.trimEnd().split('\n').at(-1)).toBe(`kvs: ${MANY - 4} versões exportadas`);
    // It holds what credentials guard.
    expect((await stat(file)).mode & 0o077).toBe(0);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(MANY - 4 + 2);
    expect(lines[0]).toBe('{"formato":1,"tipo":"kvs-versoes"}');
    expect(lines.at(-1)).toBe(`{"fim":true,"versoes":${MANY - 4}}`);

    const imported = await kvs('importa', file, '-p', String(into.port));
    expect(imported.stderr).toContain(
      `${MANY - 4} versões lidas; importadas: ${MANY - 4}, com outro número: 0, já existiam: 0`,
    );
    expect(imported.code).toBe(0);
    const back = await kvs('exporta', '-p', String(into.port));
    expect(back.stdout.trimEnd().split('\n').sort()).toEqual([...lines].sort());
    expect((await into.client.consulta('chave7')).versao).toBe(3);

    const again = await kvs('importa', file, '-p', String(into.port));
    expect(again.stderr).toContain(`com outro número: 0, já existiam: ${MANY - 4}`);
    await into.kill9();
    await into.restart();
    await into.ready();
    const kept = await kvs('exporta', '-p', String(into.port));
    expect(kept.stdout.trimEnd().split('\n').sort()).toEqual([...lines].sort());
  }, 120_000);

  it('put nothing into what another has put in the place of the file to be', async () => {
    const [victim, target] = [join(folder.path, 'alheio'), join(folder.path, 'novo.jsonl')];
    await writeFile(victim, 'fica');
    await symlink(victim, `${target}.parcial`);
    expect(await kvs('exporta', target, '-p', String(from.port))).toMatchObject({ code: 0 });
    expect(await readFile(victim, 'utf8')).toBe('fica');
    const readable = join(folder.path, 'aberto.jsonl');
    await writeFile(`${readable}.parcial`, '');
    await chmod(`${readable}.parcial`, 0o666);
    expect(await kvs('exporta', readable, '-p', String(from.port))).toMatchObject({ code: 0 });
    for (const path of [target, readable]) expect((await lstat(path)).mode & 0o777).toBe(0o600);
  });

  it('say one thing to whoever asks for confirmations that do not come', async () => {
    const head = '{"formato":1,"tipo":"kvs-versoes"}';
    const row = '{"chave":"confirmada","versao":1,"ts":5,"valor":"valor"}';
    const short = join(folder.path, 'curto.jsonl');
    await writeFile(short, `${head}\n${row}\n{"fim":true,"versoes":1}\n`);
    const ended = await kvs(
      'importa',
      short,
      '-p',
      String(from.port),
      '--confirmacao',
      '1',
      '--prazo',
      '4000',
    );
    expect(ended.code).toBe(7);
    expect(ended.stderr).toMatch(/confirmado por 0 de 1 .*pode ser repetida: o que já está gravado não/);
    expect(ended.stderr).not.toContain('não repita');
    const again = await kvs('importa', short, '-p', String(from.port));
    expect(again.stderr).toContain('1 versão lida; importadas: 0, com outro número: 0, já existiam: 1');
    expect(await from.client.consulta('confirmada')).toMatchObject({ valor: 'valor', versao: 1 });
    await from.client.remove('confirmada');
  }, 60_000);

  it('refuse what is not such a file, or not all of it, with one line', async () => {
    const whole = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const cut = join(folder.path, 'cortado.jsonl');
    await writeFile(cut, `${whole.slice(0, 5).join('\n')}\n`);
    const other = join(folder.path, 'outro.jsonl');
    await writeFile(other, 'isto não\n');
    const to = ['-p', String(into.port)];
    expect(await kvs('importa', cut, ...to)).toMatchObject({
      code: 2,
      stderr: 'kvs: linha 6: falta a última linha: o arquivo não está completo\n',
    });
    expect(await kvs('importa', other, ...to)).toMatchObject({
      code: 2,
      stderr: 'kvs: linha 1: não é um objeto JSON\n',
    });
    expect(await kvs('importa', join(folder.path, 'nenhum'), ...to)).toMatchObject({ code: 2 });
    expect(await kvs('exporta', join(folder.path, 'x'), '-p', String(await freePort()))).toMatchObject({
      code: 5,
    });
  }, 60_000);

  it.skipIf(!etcdAvailable())(
    'go from consensus to a fleet, and back',
    async () => {
      const cluster = await startEtcd();
      const engine = startConsensus(cluster.addresses);
      const stand = await openStandOn(engine);
      const own = join(folder.path, 'consenso.jsonl');
      try {
        for (const valor of ['primeiro', 'segundo', 'terceiro']) await stand.client.insere('!%21', valor);
        await stand.client.remove('!%21', 2);
        expect(await kvs('exporta', own, '-p', String(stand.doors.port))).toMatchObject({ code: 0 });
        const lines = (await readFile(own, 'utf8')).trimEnd().split('\n');
        expect(lines).toHaveLength(2 + 2);
        const imported = await kvs('importa', own, '-p', String(from.port));
        expect(imported.stderr).toContain(
          '2 versões lidas; importadas: 2, com outro número: 0, já existiam: 0',
        );
        const back = await kvs('exporta', '-p', String(from.port));
        expect(back.stdout.split('\n')).toEqual(expect.arrayContaining(lines.slice(1, 3)));

        await stand.client.remove('!%21', 3);
        for (const added of [1, 0]) {
          const again = await kvs('importa', own, '-p', String(stand.doors.port));
          expect(again.stderr).toContain(
            `2 versões lidas; importadas: ${added}, com outro número: ${added}, já existiam: ${2 - added}`,
          );
          expect((await stand.client.consulta('!%21')).versao).toBe(4);
        }
      } finally {
        await stand.close();
        await engine.stop();
        await cluster.stop();
      }
    },
    120_000,
  );

  it('give an engine that keeps no numbers of others its own, in order', async () => {
    const stand = await openStand();
    try {
      await stand.client.insere('chave9', 'antes');
      const imported = await kvs('importa', file, '-p', String(stand.doors.port));
      expect(imported.stderr).toContain(
        `${MANY - 4} versões lidas; importadas: ${MANY - 4}, com outro número: ${MANY - 4},`,
      );
      const versions = [1, 2, 3, 4].map(
        async (version) => (await stand.client.consulta('chave9', version)).valor,
      );
      expect(await Promise.all(versions)).toEqual([
        'antes',
        ...[9, 1009, 2009].map((i) => `valor ${i}\n"😀"`),
      ]);
      const again = await kvs('importa', file, '-p', String(stand.doors.port));
      expect(again.stderr).toContain(`com outro número: 0, já existiam: ${MANY - 4}`);
      expect(await kvs('exporta', '-p', String(stand.doors.port))).toMatchObject({ code: 4 });
    } finally {
      await stand.close();
    }
  }, 60_000);
});
