import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/e2e-build.js';
import { runHere } from './in-process.js';
import { freePort } from '../support/net.js';
import { launcher, start } from './program.js';
import type { Program } from './program.js';

describe('a large removal asks first', () => {
  let server: Program;
  let port = '';
  beforeAll(async () => {
    const local = ['--broker-local', `127.0.0.1:${await freePort()}`, '--frota', 'teste-remove'];
    server = start(['servidor', '0', ...local]);
    await server.says('servidor pronto');
    port = /pronto em 127\.0\.0\.1:(\d+)/.exec(server.stdout())?.[1] ?? '';
  });
  afterAll(() => {
    server.process.kill('SIGKILL');
  });

  const client = (...words: string[]) => runHere(['-p', port, ...words]);
  const insert = (keys: readonly string[]) =>
    client('-o', 'insere-v', ...keys.flatMap((key) => ['-k', key, '-v', `valor de ${key}`]));
  const left = async () =>
    (await client('-o', 'snapshot', '--json')).stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { chave: string }).chave)
      .sort();

  it('remove and remove-v without a version', async () => {
    await insert(['nome', 'nome', 'nome', 'uma', 'duas']);
    await client('-o', 'remove', '-k', 'nome', '-e', '2');
    for (const version of [[], ['-e', '-1'], ['-e', '0'], ['--ver=-7']]) {
      expect(await client('-o', 'remove', '-k', 'nome', ...version)).toEqual({
        code: 2,
        stdout: '',
        stderr:
          'kvs: isto remove todas as versões de "nome" (as versões 3, 1): nada foi removido; repita com --sim para remover, ou com --simula para ver\n',
      });
    }
    const several = await client('-o', 'remove-v', '-k', 'uma', '-k', 'duas', '--json');
    expect(several).toMatchObject({ code: 2, stdout: '' });
    expect(several.stderr).toContain('isto remove todas as versões de 2 chaves');
    expect(await left()).toEqual(['duas', 'nome', 'uma']);
    const shown = ['-o', 'remove-v', '-k', 'nome', '-k', 'nome', '-e', '0', '-e', '2', '--simula'];
    expect(await client(...shown)).toEqual({
      code: 3,
      stdout: 'nome: removeria as versões 3, 1\nnome: nada a remover\n',
      stderr: '',
    });
    expect((await client(...shown, '--json')).stdout).toBe(
      '{"operacao":"remove-v","simula":true,"chave":"nome","versoes":[3,1],"mais":false}\n' +
        '{"operacao":"remove-v","simula":true,"chave":"nome","versoes":[],"mais":false}\n',
    );
    // One version of one key, and versions that are named, go without a question.
    expect(await client('-o', 'remove-v', '-k', 'uma', '-k', 'nome', '-e', '0', '-e', '1')).toMatchObject({
      code: 0,
    });
    expect(await client('-o', 'remove', '-k', 'nome')).toMatchObject({ code: 0, stderr: '' });
    await insert(['nome', 'nome']);
    expect(await client('-o', 'remove', '-k', 'nome', '-e', '-1', '--sim')).toEqual({
      code: 0,
      stdout: 'removidas todas as versões de nome\n',
      stderr: '',
    });
    expect((await runHere(['-p', port, '-o', 'remove', '-k', 'duas'], { KVS_SIM: '1' })).code).toBe(0);
    expect(await left()).toEqual([]);
  });

  it('finds the history of a key whose latest version has expired', async () => {
    await insert(['prazo', 'prazo']);
    await client('-o', 'insere', '-k', 'prazo', '-v', 'valor', '--ttl', '1');
    await expect
      .poll(async () => (await client('-o', 'consulta', '-k', 'prazo')).code, { timeout: 10_000 })
      .toBe(3);
    const refused = await client('-o', 'remove', '-k', 'prazo');
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('(as versões 2, 1)');
    expect((await client('-o', 'remove', '-k', 'prazo', '--simula')).stdout).toBe(
      'prazo: removeria as versões 2, 1\n',
    );
    for (const operation of ['del', 'delall'])
      expect((await client(operation, '--chave', 'prazo', '--simula')).stdout).toMatch(
        /^prazo: removeria todas as versões, a mais nova \d{13}/,
      );
    expect((await client('-o', 'remove', '-k', 'prazo', '--sim')).code).toBe(0);
  });

  it('names the newest of many versions', async () => {
    await insert(Array.from({ length: 14 }, () => 'longa'));
    expect((await client('-o', 'remove', '-k', 'longa')).stderr).toContain(
      '(as versões 14, 13, 12, 11, 10, 9, 8, 7, 6, 5 e mais antigas)',
    );
    expect((await client('-o', 'remove', '-k', 'longa', '--sim')).code).toBe(0);
  });

  it('delrange; --simula also with del, delall and trim', async () => {
    await client('putall', '--chave', 'a1', 'a1', 'a2', '--valor', 'v', 'w', 'x');
    expect(await client('delrange', '--chave', 'a', 'b')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'kvs: isto remove todas as versões de 2 chaves, de "a" a "b": nada foi removido; repita com --sim para remover, ou com --simula para ver\n',
    });
    // One key, but two versions.
    expect(await client('delrange', '--chave', 'a1', 'a1')).toMatchObject({ code: 2, stdout: '' });
    for (const words of [
      ['del', '--chave', 'a1'],
      ['delall', '--chave', 'a1'],
      ['trim', '--chave', 'a1'],
      ['delrange', '--chave', 'a1', 'a2'],
    ]) {
      const { code, stdout } = await client(...words, '--simula');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^a1: removeria (todas as versões, a mais nova|a versão) \d{13} \(/);
    }
    const ranged = (await client('delrange', '--chave', 'a', 'b', '--simula', '--json')).stdout;
    expect(ranged).toMatch(
      /^\{"operacao":"delrange","simula":true,"chave":"a1","versao":\d{13}\}\n\{.*"chave":"a2".*\}\n$/,
    );
    expect(await client('trim', '--chave', 'a2', '--simula')).toMatchObject({ code: 3 });
    expect(await left()).toEqual(['a1', 'a2']);
    // One version of one key goes without a question.
    expect((await client('delrange', '--chave', 'a2', 'b')).code).toBe(0);
    expect((await client('delrange', '--chave', 'a', 'b', '--sim')).stdout).toMatch(/\n1 chave\n$/);
    expect(await left()).toEqual([]);
    expect(await client('get', '--chave', 'a1', '--simula')).toMatchObject({ code: 2, stdout: '' });
  });

  it('does not wait for the end of a huge range before it asks', async () => {
    const keys = Array.from({ length: 300 }, (_, index) => `m${index}`);
    await client('putall', '--chave', ...keys, '--valor', ...keys);
    const asked = await client('delrange', '--chave', 'm', 'n');
    expect(asked).toMatchObject({ code: 2 });
    expect(asked.stderr).toContain('de mais de 100 chaves,');
    expect((await client('delrange', '--chave', 'm', 'n', '--sim')).stdout).toMatch(/\n300 chaves\n$/);
  });

  it.skipIf(spawnSync('script', ['--version']).status !== 0)('asks the person at the terminal', async () => {
    await insert(['pessoa', 'pessoa']);
    const words = `${process.execPath} ${launcher} cliente -p ${port} -o remove -k pessoa`;
    for (const [answer, code, says] of [
      ['n\n', 1, 'nada foi removido'],
      ['sim\n', 0, 'removidas todas as versões de '],
    ] as const) {
      const terminal = spawn('script', ['-qfec', words, '/dev/null'], {
        cwd: root,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let shown = '';
      terminal.stdout.on('data', (text: Buffer) => {
        const asked = shown.includes('[s/N]');
        shown += text.toString();
        if (!asked && shown.includes('[s/N]')) terminal.stdin.write(answer);
      });
      const [exit] = (await once(terminal, 'close')) as [number];
      expect(shown).toContain('isto remove todas as versões de "pessoa" (as versões 2, 1). Remover? [s/N]');
      expect(shown).toContain(says);
      expect(exit).toBe(code);
    }
  });
});
