import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KvsError } from '../../src/core/errors.js';
import { limits } from '../../src/core/limits.js';
import { openStandOn } from '../support/doors.js';
import type { Stand } from '../support/doors.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { freePort } from '../support/net.js';
import { runHere } from './in-process.js';

let stand: Stand<MemoryEngine>;
let port = '';
const folder = mkdtempSync(join(tmpdir(), 'kvs-loja-'));
beforeAll(async () => {
  stand = await openStandOn(new MemoryEngine());
  port = String(stand.doors.port);
});
afterAll(async () => {
  await stand.close();
  rmSync(folder, { recursive: true });
});

const kvs = (...words: string[]) => runHere([...words, '-p', port]);
const out = async (...words: string[]) => (await kvs(...words)).stdout;
const jsonLines = async (...words: string[]) =>
  (await out(...words, '--json'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('one key', () => {
  it('is stored, read by version, place and time, and told as JSON or as the value alone', async () => {
    expect(await kvs('insere', 'nome', 'Maria')).toEqual({
      ...{ code: 0, stderr: '', stdout: 'inserida a versão 1 de nome\n' },
    });
    expect(await out('insere', 'nome', 'Ana', '--json')).toBe('{"chave":"nome","versao":2}\n');
    expect(await out('insere', 'nome', 'Bia', '-q', '--ttl', '3600')).toBe('3\n');
    expect(await out('consulta', 'nome', '-q')).toBe('Bia\n');
    expect(await out('consulta', 'nome', '-q', '--versao', '2')).toBe('Ana\n');
    expect(await out('consulta', 'nome', '-q', '--antes', '2')).toBe('Maria\n');
    const [line] = await jsonLines('consulta', 'nome', '-e', '1');
    expect(Object.keys(line ?? {}).join()).toBe(
      'chave,valor,versao,ts,origem,servidor,expira,atual,irma,estavel',
    );
    expect(line).toMatchObject({ chave: 'nome', valor: 'Maria', versao: 1, expira: 0, atual: false });
    expect(await out('consulta', 'nome', '-q', '--em', String(line?.['ts']))).toBe('Maria\n');
    expect(await out('consulta', 'nome')).toMatch(
      /^chave: +nome\nvalor: +Bia\nversão: +3 \(\S+ \S+\)\nservidor: .+\nexpira: .+\nsituação: atual estável\n$/,
    );
  });

  it.each(['', ' ', '-', '-10', '--json', '"x"', "'x'", '=', 'a\nb\n', 'ção 日本 👩‍👩‍👧', '\\'])(
    'the value %j is stored as it is, after --',
    async (value) => {
      expect(await runHere(['insere', '-p', port, '--', 'fiel', value])).toMatchObject({ code: 0 });
      expect((await jsonLines('consulta', 'fiel'))[0]).toMatchObject({ valor: value });
    },
  );

  it('a key may look like an option too', async () => {
    expect(await runHere(['insere', '-p', port, '-q', '--', '--chave', '-'])).toMatchObject({ code: 0 });
    expect((await runHere(['consulta', '-p', port, '-q', '--', '--chave'])).stdout).toBe('-\n');
  });

  it('a value comes from a file, byte by byte', async () => {
    const path = file('carta', ' linha\n\n"aspas" \n');
    expect(await kvs('insere', 'carta', '--arquivo', path)).toMatchObject({ code: 0 });
    expect((await jsonLines('consulta', 'carta'))[0]).toMatchObject({ valor: ' linha\n\n"aspas" \n' });
  });

  it('compares, renews and trims', async () => {
    expect(await kvs('compara', 'saldo', '0', '100')).toMatchObject({
      code: 0,
      stdout: 'gravada a versão 1 de saldo\n',
    });
    const other = await kvs('compara', 'saldo', '0', '90');
    expect(other).toMatchObject({ code: 4, stdout: '' });
    expect(other.stderr).toMatch(/^kvs: o servidor em \S+ recusou: .+\n$/);
    expect(await out('compara', 'saldo', '1', '90', '-q')).toBe('2\n');
    expect(await out('expira', 'saldo', '60')).toMatch(/^a versão 3 de saldo expira em 60 s \(.+\)\n$/);
    expect(await out('expira', 'saldo', '0')).toBe('a versão 4 de saldo não expira\n');
    expect(await kvs('apara', 'saldo')).toMatchObject({ code: 2, stdout: '' });
    expect(await out('apara', 'saldo', '--simula')).toBe('saldo: removeria as versões 1, 2, 3\n');
    expect(await out('apara', 'saldo', '--sim')).toBe(
      'removidas as versões antigas de saldo; ficou a versão 4\n',
    );
    expect(await kvs('compara', 'saldo', '4', '--remove')).toMatchObject({
      code: 0,
      stdout: 'removida saldo\n',
    });
    expect(await kvs('consulta', 'saldo')).toEqual({
      ...{ code: 3, stdout: '', stderr: 'kvs: a chave "saldo" não existe\n' },
    });
  });

  it('is removed with consent where more than one version would go', async () => {
    for (const value of ['1', '2', '3']) await kvs('insere', 'vai', value);
    expect(await kvs('remove', 'vai')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'kvs: isto remove todas as versões de "vai" (as versões 1, 2, 3): nada foi removido; repita com --sim para remover, ou com --simula para ver\n',
    });
    expect(await out('remove', 'vai', '--versao', '2')).toBe('removida a versão 2 de vai\n');
    expect(await kvs('remove', 'vai', '-e', '2')).toMatchObject({ code: 3, stdout: '' });
    expect(await jsonLines('remove', 'vai', '--simula')).toEqual([
      { operacao: 'remove', simula: true, chave: 'vai', versoes: [1, 3], mais: false },
    ]);
    expect(await out('remove', 'vai', '--sim')).toBe('removidas 2 versões de vai\n');
    await kvs('insere', 'vai', 'só');
    expect(await out('remove', 'vai')).toBe('removida 1 versão de vai\n');
    expect(await out('insere', '', 'x')).toBe('inserida a versão 1 de ""\n');
    expect(await out('remove', '')).toBe('removida 1 versão de ""\n');
    expect(await kvs('remove', 'vai')).toMatchObject({ code: 3 });
  });
});

describe('many keys', () => {
  beforeAll(async () => {
    for (const key of ['l/a', 'l/b', 'l/c', 'm']) await kvs('insere', key, `valor de ${key}`);
    await kvs('insere', 'l/a', 'mal\x1b[2J\u202e');
  });

  it('a history, as a table, as lines of JSON, as values', async () => {
    expect(await out('historico', 'l/a', '-q')).toBe('valor de l/a\nmal\x1b[2J\u202e\n');
    const lines = await jsonLines('historico', 'l/a');
    expect(lines.map(({ versao, atual }) => [versao, atual])).toEqual([
      [1, false],
      [2, true],
    ]);
    const shown = await out('historico', 'l/a');
    expect(shown).toMatch(/│ versão │ data +│ valor +│ servidor +│ situação +│\n/);
    expect(shown).toContain('│ mal\\x1b[2J\\u202e');
    expect(shown).toMatch(/\n2 versões\n$/);
    // What acts on a terminal is escaped in JSON too, and read back as it was.
    expect(await out('historico', 'l/a', '--json')).toContain('mal\\u001b[2J\\u202e');
    expect(await kvs('historico', 'nada')).toMatchObject({ code: 3, stdout: '' });
  });

  it('lists and counts by prefix and by bounds', async () => {
    expect(await out('lista', 'l/', '--so-chaves', '-q')).toBe('l/a\nl/b\nl/c\n');
    expect(await out('lista', 'l/', '-q', '--versao', '1')).toBe(
      'valor de l/a\nvalor de l/b\nvalor de l/c\n',
    );
    expect(await out('lista', '--so-chaves', '-q', '--de', 'l/b', '--ate', 'm')).toBe('l/b\nl/c\nm\n');
    expect(await out('lista', '--so-chaves', '-q', '--depois', 'l/a', '--limite', '1')).toBe('l/b\n');
    expect((await jsonLines('lista', 'm')).map(({ valor }) => valor)).toEqual(['valor de m']);
    expect(await out('lista', 'nada')).toBe('nenhuma chave\n');
    expect(await out('conta', 'l/')).toBe('3 chaves, 4 versões\n');
    expect(await out('conta', 'l/', '--json')).toBe('{"chaves":3,"versoes":4}\n');
    expect(await out('conta', 'l/', '-q')).toBe('3\n');
  });

  it('tells how the servers are', async () => {
    const address = `127.0.0.1:${port}`;
    expect(await jsonLines('estado')).toMatchObject([{ servidores: [{ endereco: address, eu: true }] }]);
    expect(await out('estado')).toContain(`${address} (este)`);
    expect(await out('estado', '-q')).toBe('de acordo\n');
  });
});

describe('misuse', () => {
  const big = file('grande', 'x'.repeat(limits.valueBytes + 1));
  const latin = file('latin', Buffer.from([0xe7, 0xe3, 0x6f]));

  it.each<[number, string[], string]>([
    [2, ['consulta', 'a', '--versao', 'dois'], '--versao: "dois" não serve; esperado uma versão, de 1 a '],
    [2, ['consulta', 'a', '--versao', '0'], '--versao: "0" não serve'],
    [2, ['consulta', 'a', '--versao', '1', '--antes', '1'], 'diga só um de --versao, --em e --antes'],
    [2, ['consulta', 'a', '--em', 'ontem'], '--em: "ontem" não serve; esperado um momento'],
    [2, ['consulta', 'a', '--em', '31/02/2026'], '--em: "31/02/2026" não serve'],
    [2, ['consulta', 'a', '--json', '-q'], '--json e -q não valem juntos'],
    [2, ['insere', 'a'], 'insere: falta o valor: diga VALOR, - (a entrada padrão) ou --arquivo ARQUIVO'],
    [2, ['insere', 'a', 'b', '--arquivo', big], 'o valor foi dado duas vezes: VALOR e --arquivo'],
    [
      2,
      ['insere', 'a', '-', '--arquivo', big],
      'o valor foi dado duas vezes: - (a entrada padrão) e --arquivo',
    ],
    [2, ['insere', 'a', '--arquivo', '/nao/ha'], 'não consegui ler /nao/ha: não existe'],
    [2, ['insere', 'a', '--arquivo', folder], `não consegui ler ${folder}: é uma pasta`],
    [4, ['insere', 'a', '--arquivo', big], `o valor passa de ${limits.valueBytes} bytes`],
    [4, ['insere', 'a', '--arquivo', latin], 'o valor não é UTF-8 válido'],
    [2, ['insere', 'a', 'b', '--ttl', '0'], '--ttl: "0" não serve'],
    [4, ['insere', 'a', 'x'.repeat(limits.valueBytes + 1)], 'recusado: '],
    [4, ['insere', 'x'.repeat(limits.keyBytes + 1), 'a'], 'recusado: '],
    [2, ['compara', 'a', 'um', 'b'], 'VERSAO: "um" não serve; esperado uma versão, de 0 '],
    [2, ['compara', 'a', '1', 'b', '--remove'], 'com --remove não há valor'],
    [2, ['expira', 'a', '-1'], 'SEGUNDOS: "-1" não serve'],
    [3, ['expira', 'nada', '5'], 'a chave "nada" não existe'],
    [3, ['apara', 'nada', '--sim'], 'a chave "nada" não existe'],
    [2, ['lista', '--limite', '0'], '--limite: "0" não serve; esperado quantas chaves no máximo'],
    [2, ['lista', '--versao', '1', '--em', '5'], 'lista: diga só um de --versao e --em'],
    [2, ['estado', '--prazo', '0'], '--prazo: "0" não serve'],
  ])('%i %j', async (code, words, message) => {
    const asked = await kvs(...words);
    expect(asked).toMatchObject({ code, stdout: '' });
    expect(asked.stderr).toContain(message);
    expect(asked.stderr.trim().split('\n')).toHaveLength(1);
  });

  it('a server that is away, and one that refuses, are told in one line each', async () => {
    const away = await freePort();
    for (const words of [['insere', 'a', 'b'], ['consulta', 'a'], ['lista'], ['estado'], ['remove', 'a']]) {
      const asked = await runHere([...words, '-p', String(away), '--prazo', '300']);
      expect(asked).toMatchObject({ code: 5, stdout: '' });
      expect(asked.stderr).toMatch(/^kvs: nenhum servidor responde em \S+ \(conexão recusada\)\n$/);
    }
    stand.engine.refusal = new KvsError('NAO_AUTORIZADO', 'a credencial não permite isso');
    for (const words of [
      ['insere', 'a', 'b'],
      ['historico', 'a'],
      ['lista'],
      ['conta'],
      ['apara', 'a', '--sim'],
    ]) {
      const asked = await kvs(...words);
      expect(asked).toMatchObject({ code: 4, stdout: '' });
      expect(asked.stderr).toMatch(
        /^kvs: (o servidor em \S+ recusou|recusado): a credencial não permite isso\n$/,
      );
    }
    stand.engine.refusal = undefined;
  });
});
