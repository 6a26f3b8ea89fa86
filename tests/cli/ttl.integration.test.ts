import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStandOn, type Stand } from '../support/doors.js';
import { kvsDefinition } from '../support/kvs-client.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { runHere } from './in-process.js';

class ClockedEngine extends MemoryEngine {
  aheadMs = 0;
  override clock = (): number => Date.now() + this.aheadMs;
}

describe('kvs cliente --ttl', () => {
  let stand: Stand<ClockedEngine>;
  let at: readonly string[];
  beforeAll(async () => {
    stand = await openStandOn(new ClockedEngine());
    at = ['-p', String(stand.doors.port)];
  });
  afterAll(() => stand.close());

  it('says after how long what was inserted expires, and it does', async () => {
    expect(await runHere(['-o', 'insere', '-k', 'codigo', '-v', '48213', '--ttl', '60', ...at])).toEqual({
      code: 0,
      stdout: 'inserida a versão 1 de codigo, que expira em 60 s\n',
      stderr: '',
    });
    const put = await runHere(['put', '--chave', 'outra', '--valor', 'x', '--ttl=60', ...at]);
    expect(put.stdout).toMatch(/^gravada a versão \d+ \(.*\) de outra, que expira em 60 s\nantes: não havia/);
    await runHere([
      '-o',
      'insere-v',
      '-k',
      'uma',
      '-v',
      'um1',
      '-k',
      'duas',
      '-v',
      'dois',
      '--ttl',
      '60',
      ...at,
    ]);
    await runHere(['putall', '--chave', 'tres', 'quatro', '--valor', '3', '4', '--ttl', '60', ...at]);
    const all = ['codigo', 'outra', 'uma', 'duas', 'tres', 'quatro'];
    expect((await runHere(['getall', '--chave', ...all, '--json', ...at])).code).toBe(0);
    stand.engine.aheadMs += 60_000;
    for (const key of all) {
      const read = await runHere(['get', '--chave', key, ...at]);
      expect(read).toMatchObject({ code: 3, stderr: `kvs: a chave "${key}" não existe\n` });
    }
  });

  it('without it nothing is said, and nothing expires', async () => {
    const inserted = await runHere(['-o', 'insere', '-k', 'eterna', '-v', 'valor', ...at]);
    expect(inserted.stdout).toBe('inserida a versão 1 de eterna\n');
    stand.engine.aheadMs += 100_000_000;
    expect((await runHere(['-o', 'consulta', '-k', 'eterna', ...at])).code).toBe(0);
  });

  it.each(['0', 'abc', '-5', '1h', '2147483648', ''])(
    'refuses --ttl=%s, before it asks a server',
    async (text) => {
      const refused = await runHere([
        '-o',
        'insere',
        '-k',
        'nova',
        '-v',
        'valor',
        `--ttl=${text}`,
        '-p',
        '1',
      ]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toBe(
        `kvs: --ttl: ${JSON.stringify(text)} não serve; esperado um número inteiro de segundos, de 1 a 2147483647\n`,
      );
    },
  );

  it.each([
    [['-o', 'consulta', '-k', 'nova'], 'consulta'],
    [['get', '--chave', 'nova'], 'get'],
    [['-o', 'remove', '-k', 'nova'], 'remove'],
    [['-o', 'snapshot'], 'snapshot'],
  ])('refuses it with %j, which inserts nothing', async (words, name) => {
    const refused = await runHere([...words, '--ttl', '5', '-p', '1']);
    expect(refused).toMatchObject({
      code: 2,
      stderr: `kvs: --ttl diz quando expira o que é inserido (insere, insere-v, put, putall): ${name} não insere\n`,
    });
  });

  it('KVS_TTL holds for inserts, and says nothing of other operations', async () => {
    const env = { KVS_TTL: '60' };
    const inserted = await runHere(['-o', 'insere', '-k', 'variavel', '-v', 'valor', ...at], env);
    expect(inserted.stdout).toContain(', que expira em 60 s\n');
    expect((await runHere(['-o', 'consulta', '-k', 'variavel', ...at], env)).code).toBe(0);
    const bad = await runHere(['-o', 'insere', '-k', 'variavel', '-v', 'valor', ...at], { KVS_TTL: 'x' });
    expect(bad.code).toBe(2);
    expect(bad.stderr).toMatch(/^kvs: KVS_TTL: "x" não serve/);
  });

  it('says so where a server of an earlier version has ignored it', async () => {
    const server = new Server();
    server.addService(kvsDefinition, {
      Insere: (_call: unknown, reply: (error: null, answer: object, trailer: Metadata) => void) => {
        reply(null, { versao: 1 }, new Metadata());
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
    const insert = ['-o', 'insere', '-k', 'antiga', '-v', 'valor', '-p', String(port)];
    expect(await runHere(insert)).toMatchObject({ code: 0, stderr: '' });
    expect(await runHere([...insert, '--ttl', '5'])).toMatchObject({
      code: 1,
      stderr: `kvs: o servidor em 127.0.0.1:${port} é de uma versão sem --ttl: gravou, e o valor não expira\n`,
    });
    server.forceShutdown();
  });
});
