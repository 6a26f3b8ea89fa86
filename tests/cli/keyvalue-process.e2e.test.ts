import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyValueServices } from '../../src/doors/grpc/keyvalue/definition.js';
import { freePort } from '../support/net.js';
import { run, start } from './program.js';
import type { Program } from './program.js';

describe('the nine operations against a server', () => {
  let server: Program;
  let port = '';
  beforeAll(async () => {
    server = start([
      'servidor',
      '0',
      '--broker-local',
      `127.0.0.1:${await freePort()}`,
      '--frota',
      'teste-cli-kv',
    ]);
    await server.says('servidor pronto');
    port = /pronto em 127\.0\.0\.1:(\d+)/.exec(server.stdout())?.[1] ?? '';
  });
  afterAll(() => {
    server.process.kill('SIGKILL');
  });

  const client = (...words: string[]) => run(['cliente', '--porta', port, ...words]);
  const lines = (stdout: string): unknown[] =>
    stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
  const version = (line: unknown): number => (line as { versao: number }).versao;

  it('show and remove through one door a short key that was put through the other', async () => {
    await client('put', '--chave', 'x', '--valor', '1');
    expect((await client('-o', 'consulta', '-k', 'x')).stdout).toBe('chave:  x\nvalor:  1\nversão: 1\n');
    expect(await client('-o', 'insere', '-k', 'x', '-v', 'valor')).toMatchObject({ code: 4, stdout: '' });
    expect((await client('-o', 'remove', '-k', 'x')).stdout).toBe('removidas todas as versões de x\n');
    const gone = await client('-o', 'remove', '-k', 'x');
    expect(gone).toMatchObject({ code: 4, stdout: '' });
    expect(gone.stderr).toContain('a chave precisa de pelo menos 3 caracteres');
  });

  it('put, get and trim', async () => {
    const first = lines((await client('put', '--chave', 'k', '--valor', 'ação 🎉', '--json')).stdout)[0];
    expect(first).toEqual({ operacao: 'put', chave: 'k', versao: version(first), anterior: null });
    expect(Math.abs(version(first) - Date.now())).toBeLessThan(60_000);
    const second = lines((await client('put', '--chave', 'k', '--valor', '', '--json')).stdout)[0];
    expect(second).toMatchObject({ anterior: { valor: 'ação 🎉', versao: version(first) } });
    const newest = await client('get', '--chave', 'k');
    expect(newest).toMatchObject({ code: 0, stderr: '' });
    expect(newest.stdout).toMatch(
      new RegExp(`^chave: {2}k\nvalor: {2}\nversão: ${version(second)} \\(.*\\)\n$`),
    );
    const old = await client('get', '--chave', 'k', '--versao', String(version(second) - 1), '--json');
    expect(lines(old.stdout)).toEqual([
      { operacao: 'get', chave: 'k', valor: 'ação 🎉', versao: version(first) },
    ]);
    expect((await client('trim', '--chave', 'k')).stdout).toMatch(/^removidas as versões antigas de k\n/);
    const gone = await client('get', '--chave', 'k', '--versao', String(version(first)));
    expect(gone).toMatchObject({ code: 3, stdout: '' });
    expect(gone.stderr).toContain('a chave "k" não tem versão até');
    expect(await client('del', '--chave', 'nada')).toEqual({
      code: 3,
      stdout: '',
      stderr: 'kvs: a chave "nada" não existe\n',
    });
  });

  it('streams: one answer per request, in order; many are printed as they arrive', async () => {
    const keys = Array.from({ length: 600 }, (_, index) => `n${String(index).padStart(3, '0')}`);
    const put = await client('putall', '--chave', ...keys, '--valor', ...keys.map((key) => `v${key}`));
    expect(put).toMatchObject({ code: 0, stderr: '' });
    expect(put.stdout.trim().split('\n')).toHaveLength(600);
    const wanted = keys.map((chave) => ({ chave, valor: `v${chave}` }));
    const all = await client('getall', '--chave', ...keys, '--json');
    expect(all.code).toBe(0);
    expect(lines(all.stdout)).toMatchObject(wanted);
    const range = await client('getrange', '--chave', 'n', 'o', '--json');
    expect(lines(range.stdout)).toMatchObject(wanted);
    expect((await client('getrange', '--chave', 'n', 'o')).stdout).toMatch(/\n600 chaves\n$/);
    const past = await client('getrange', '--chave', 'n000', 'n001', '--versao', '1');
    expect(past.code).toBe(0);
    expect(past.stdout).toMatch(/n000 +│ - .*não tem versão até 1 [\s\S]*2 chaves\n$/);
    const some = await client('delall', '--chave', 'n000', 'nada');
    expect(some).toMatchObject({ code: 3, stderr: '' });
    expect(some.stdout).toMatch(/n000 .*removida[\s\S]*nada .*a chave "nada" não existe/);
    expect(lines((await client('delrange', '--chave', 'n', 'o', '--sim', '--json')).stdout)).toMatchObject(
      wanted.slice(1),
    );
    expect(await client('delrange', '--chave', 'n', 'o')).toEqual({
      code: 0,
      stdout: 'nenhuma chave\n',
      stderr: '',
    });
  });

  it('take a reversed range as empty, and name what is given the wrong number of times', async () => {
    expect(await client('getrange', '--chave', 'z', 'a')).toMatchObject({
      code: 0,
      stdout: 'nenhuma chave\n',
    });
    expect(await client('get', '--chave', 'a', 'b')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'kvs: get: chave (--chave): esperado 1, recebido 2\n',
    });
  });
});

describe('a server that receives and does not answer', () => {
  const hanging = new Set(keyValueServices.flatMap(({ methods }) => methods.map(({ path }) => path)));
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  let port = '';
  beforeAll(async () => {
    server.on('session', (session) => sessions.add(session));
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined).resume();
      if (hanging.has(headers[':path'] ?? '')) return;
      const answer = { ':status': 200, 'content-type': 'application/grpc' };
      stream.respond({ ...answer, 'grpc-status': String(status.UNIMPLEMENTED) }, { endStream: true });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = String((server.address() as AddressInfo).port);
  });
  afterAll(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });

  it.each([
    [['put', '--chave', 'a', '--valor', 'b'], 6],
    [['putall', '--chave', 'a', '--valor', 'b'], 6],
    [['delrange', '--chave', 'a', 'b', '--sim'], 6],
    [['delrange', '--chave', 'a', 'b'], 5],
    [['trim', '--chave', 'a'], 6],
    [['get', '--chave', 'a'], 5],
    [['getrange', '--chave', 'a', 'b'], 5],
  ])('%j exits with %i: only a write may have been done', async (words, exit) => {
    const { code, stdout, stderr } = await run(['cliente', '--porta', port, '--prazo', '700', ...words]);
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    expect(stderr).toMatch(/^kvs: o servidor em \S+ não respondeu em 700 ms[^\n]*\n$/);
    expect(stderr.includes('não se sabe se a escrita foi feita')).toBe(exit === 6);
  });

  it('nothing on the port: nothing was sent, nothing was done', async () => {
    const closed = String(await freePort());
    const { code, stderr } = await run([
      'cliente',
      '--porta',
      closed,
      '--prazo',
      '500',
      'put',
      '--chave',
      'a',
      '--valor',
      'b',
    ]);
    expect(code).toBe(5);
    expect(stderr).toContain('nenhum servidor responde');
  });
});
