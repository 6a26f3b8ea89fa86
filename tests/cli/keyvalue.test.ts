import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { answerOf } from '../../src/cli/keyvalue/answers.js';
import type { Answer } from '../../src/cli/keyvalue/answers.js';
import type { Reply } from '../../src/cli/keyvalue/call.js';
import { dateText } from '../../src/cli/keyvalue/dates.js';
import { answerJson, answerText } from '../../src/cli/keyvalue/format.js';
import { askedVersion, requestOf } from '../../src/cli/keyvalue/request.js';
import { TIMED_OPERATIONS } from '../../src/cli/operations/names.js';
import type { TimedName } from '../../src/cli/operations/names.js';
import type { Request } from '../../src/cli/keyvalue/request.js';
import { answerLine, answersTable } from '../../src/cli/keyvalue/tables.js';
import { Rows } from '../../src/cli/rows.js';

type Flags = Parameters<typeof requestOf>[1];

const plain = pc.createColors(false);
const moment = 1_795_224_964_623n;
const beyond = 9_223_372_036_854_775_807n;

describe('pedido', () => {
  it.each<[TimedName, Flags, object]>([
    ['get', { chave: ['a'] }, { item: { key: 'a' } }],
    ['get', { chave: ['a'], ver: ['+5'] }, { item: { key: 'a', ver: '5' } }],
    ['get', { chave: [''], ver: [beyond.toString()] }, { item: { key: '', ver: beyond.toString() } }],
    [
      'get',
      { chave: ['a'], ver: ['-9223372036854775808'] },
      { item: { key: 'a', ver: '-9223372036854775808' } },
    ],
    ['getrange', { chave: ['a', 'b'] }, { item: { fr: { key: 'a' }, to: { key: 'b' } } }],
    [
      'getrange',
      { chave: ['a', 'b'], ver: ['7'] },
      { item: { fr: { key: 'a', ver: '7' }, to: { key: 'b' } } },
    ],
    [
      'getrange',
      { chave: ['a', 'b'], ver: ['7', '8'] },
      { item: { fr: { key: 'a', ver: '7' }, to: { key: 'b', ver: '8' } } },
    ],
    ['getall', { chave: ['a', 'b'] }, { items: [{ key: 'a' }, { key: 'b' }] }],
    [
      'getall',
      { chave: ['a', 'b'], ver: ['1', '0'] },
      {
        items: [
          { key: 'a', ver: '1' },
          { key: 'b', ver: '0' },
        ],
      },
    ],
    ['put', { chave: ['a'], valor: [''] }, { item: { key: 'a', val: '' } }],
    [
      'putall',
      { chave: ['a', 'b'], valor: ['1', '2'] },
      {
        items: [
          { key: 'a', val: '1' },
          { key: 'b', val: '2' },
        ],
      },
    ],
    ['del', { chave: ['a'] }, { item: { key: 'a' } }],
    ['delrange', { chave: ['a', 'b'] }, { item: { fr: { key: 'a' }, to: { key: 'b' } } }],
    ['delall', { chave: ['a', 'b'] }, { items: [{ key: 'a' }, { key: 'b' }] }],
    ['trim', { chave: ['a'] }, { item: { key: 'a' } }],
  ])('%s %j', (operation, flags, expected) => {
    expect(requestOf(operation, flags)).toEqual({ operation, ...expected });
  });

  it.each<[TimedName, Flags, string]>([
    ['get', {}, 'get: chave (--chave): esperado 1, recebido 0'],
    ['get', { chave: ['a', 'b'] }, 'get: chave (--chave): esperado 1, recebido 2'],
    ['get', { chave: ['a'], valor: ['x'] }, 'get: valor (--valor): esperado nenhum, recebido 1'],
    ['get', { chave: ['a'], ver: ['1', '2'] }, 'get: versão (--versao): esperado no máximo 1, recebido 2'],
    [
      'getrange',
      { chave: ['a'] },
      'getrange: chave (--chave): esperado 2 (a primeira e a última), recebido 1',
    ],
    ['getrange', { chave: ['a', 'b', 'c'] }, 'recebido 3'],
    [
      'getrange',
      { chave: ['a', 'b'], ver: ['1', '2', '3'] },
      'esperado no máximo 2 (vale a maior), recebido 3',
    ],
    [
      'getrange',
      { chave: ['a', 'b'], valor: ['x'] },
      'getrange: valor (--valor): esperado nenhum, recebido 1',
    ],
    ['getall', {}, 'getall: chave (--chave): esperado pelo menos 1, recebido 0'],
    ['getall', { chave: ['a', 'b'], ver: ['1'] }, 'esperado nenhuma, ou 2, uma por chave, recebido 1'],
    ['getall', { chave: ['a'], ver: ['1', '2'] }, 'esperado nenhuma, ou 1, uma por chave, recebido 2'],
    ['put', { chave: ['a'] }, 'put: valor (--valor): esperado 1, recebido 0'],
    ['put', { chave: ['a'], valor: ['x', 'y'] }, 'put: valor (--valor): esperado 1, recebido 2'],
    ['put', { valor: ['x'] }, 'put: chave (--chave): esperado 1, recebido 0'],
    [
      'put',
      { chave: ['a'], valor: ['x'], ver: ['1'] },
      'put: versão (--versao): esperado nenhuma, recebido 1',
    ],
    ['putall', { chave: ['a', 'b'], valor: ['x'] }, 'esperado 2, um por chave, recebido 1'],
    ['putall', { chave: ['a'], valor: ['x', 'y'] }, 'esperado 1, um por chave, recebido 2'],
    ['putall', { chave: ['a'], valor: ['x'], ver: ['1'] }, 'esperado nenhuma, recebido 1'],
    ['del', { chave: ['a', 'b'] }, 'del: chave (--chave): esperado 1, recebido 2'],
    ['del', { chave: ['a'], ver: ['1'] }, 'del: versão (--versao): esperado nenhuma, recebido 1'],
    ['delrange', { chave: ['a'] }, 'delrange: chave (--chave): esperado 2'],
    [
      'delrange',
      { chave: ['a', 'b'], ver: ['1'] },
      'delrange: versão (--versao): esperado nenhuma, recebido 1',
    ],
    ['delall', { ver: ['1'] }, 'delall: chave (--chave): esperado pelo menos 1, recebido 0'],
    ['delall', { chave: ['a'], valor: ['x'] }, 'delall: valor (--valor): esperado nenhum, recebido 1'],
    ['trim', { chave: ['a', 'b'] }, 'trim: chave (--chave): esperado 1, recebido 2'],
    ['trim', { chave: ['a'], ver: ['1'] }, 'trim: versão (--versao): esperado nenhuma, recebido 1'],
    ['get', { chave: ['a'], ver: ['x'] }, '--versao: "x" não serve'],
    ['get', { chave: ['a'], ver: [''] }, '--versao: "" não serve'],
    ['get', { chave: ['a'], ver: ['1.5'] }, '--versao: "1.5" não serve'],
    ['get', { chave: ['a'], ver: ['9223372036854775808'] }, '--versao: "9223372036854775808" não serve'],
    ['get', { chave: ['a'], ver: ['-9223372036854775809'] }, '--versao: "-9223372036854775809" não serve'],
  ])('%s %j: %s', (operation, flags, message) => {
    expect(() => requestOf(operation, flags)).toThrow(expect.objectContaining({ code: 'CONFIGURACAO' }));
    expect(() => requestOf(operation, flags)).toThrow(message);
  });

  it('a versão pedida: a da chave; num intervalo, a maior das duas', () => {
    const asked = (operation: TimedName, flags: Flags, index = 0) =>
      askedVersion(requestOf(operation, flags), index);
    expect(asked('get', { chave: ['a'], ver: ['-1'] })).toBeUndefined();
    expect(asked('get', { chave: ['a'], ver: [beyond.toString()] })).toBe(beyond);
    expect(asked('getall', { chave: ['a', 'b'], ver: ['0', '3'] }, 1)).toBe(3n);
    expect(asked('getall', { chave: ['a', 'b'], ver: ['0', '3'] }, 0)).toBeUndefined();
    expect(asked('getrange', { chave: ['a', 'b'], ver: ['9', '3'] })).toBe(9n);
    expect(asked('getrange', { chave: ['a', 'b'], ver: ['3', '9'] })).toBe(9n);
    expect(asked('getrange', { chave: ['a', 'b'], ver: ['0', '9'] })).toBe(9n);
    expect(asked('getrange', { chave: ['a', 'b'] })).toBeUndefined();
    expect(asked('del', { chave: ['a'] })).toBeUndefined();
  });
});

const found: Reply = { key: 'k', found: { value: 'a\u001b[2J\nb', version: moment }, assigned: 0n };
const blank: Reply = { key: 'k', found: undefined, assigned: 0n };
const get: Request = { operation: 'get', item: { key: 'k' } };
const answer = (request: Request, reply: Reply): Answer => answerOf(request, reply, 0);

describe('respostas', () => {
  it('o que não existe, com e sem versão', () => {
    expect(answer(get, found).missing).toBeUndefined();
    expect(answer(get, blank).missing).toEqual({
      code: 'CHAVE_INEXISTENTE',
      message: 'a chave "k" não existe',
    });
    const old: Request = { operation: 'get', item: { key: 'k', ver: '5' } };
    expect(answer(old, blank).missing).toEqual({
      code: 'VERSAO_INEXISTENTE',
      message: `a chave "k" não tem versão até 5 (${dateText(5n)})`,
    });
    const put: Request = { operation: 'put', item: { key: 'k', val: 'v' } };
    expect(answer(put, { ...blank, assigned: 1n }).missing).toBeUndefined();
  });

  it('datas, no fuso daqui; além de todas elas, nada', () => {
    expect(dateText(moment)).toMatch(/^\d\d\/11\/2026 \d\d:\d\d:04,623$/);
    expect(dateText(beyond)).toBe('');
    const request: Request = { operation: 'get', item: { key: 'k', ver: beyond.toString() } };
    expect(answer(request, blank).missing?.message).toBe(`a chave "k" não tem versão até ${beyond}`);
  });

  it('para pessoas: nada que aja sobre o terminal', () => {
    const dated = `${moment} (${dateText(moment)})`;
    expect(answerText('get', answer(get, found), plain)).toBe(
      `chave:  k\nvalor:  a\\x1b[2J\nb\nversão: ${dated}`,
    );
    expect(answerText('del', answer(get, found), plain)).toBe(
      `removidas todas as versões de k\na mais nova: versão ${dated}: a\\x1b[2J\nb`,
    );
    const empty = answer(get, { ...found, found: { value: '', version: moment } });
    expect(answerText('trim', empty, plain)).toBe(
      `removidas as versões antigas de k\na que ficou: versão ${dated}: (vazio)`,
    );
    expect(answerText('put', answer(get, { ...blank, assigned: moment }), plain)).toBe(
      `gravada a versão ${dated} de k\nantes: não havia valor`,
    );
    expect(answerText('put', answer(get, { ...found, assigned: beyond }), plain)).toBe(
      `gravada a versão ${beyond} de k\nantes: versão ${dated}: a\\x1b[2J\nb`,
    );
  });

  it('JSON: exato, de uma linha, com todos os dígitos', () => {
    expect(answerJson('get', answer(get, { ...found, found: { value: '"\n', version: beyond } }))).toBe(
      `{"operacao":"get","chave":"k","valor":"\\"\\n","versao":${beyond}}`,
    );
    expect(
      answerJson('put', answer(get, { ...found, found: { value: 'v', version: 1n }, assigned: 2n })),
    ).toBe('{"operacao":"put","chave":"k","versao":2,"anterior":{"valor":"v","versao":1}}');
    expect(answerJson('putall', answer(get, { ...blank, assigned: 2n }))).toBe(
      '{"operacao":"putall","chave":"k","versao":2,"anterior":null}',
    );
    const old: Request = { operation: 'get', item: { key: 'k', ver: beyond.toString() } };
    expect(JSON.parse(answerJson('getrange', answer(old, blank)))).toMatchObject({
      operacao: 'getrange',
      chave: 'k',
      erro: 'VERSAO_INEXISTENTE',
    });
    expect(answerJson('getrange', answer(old, blank))).toContain(`"versaoPedida":${beyond}`);
  });

  it('tabelas: uma linha por resposta', () => {
    for (const operation of TIMED_OPERATIONS) {
      const table = answersTable(
        operation,
        [answer(get, { ...found, assigned: 2n }), answer(get, blank)],
        plain,
      );
      expect(table).toMatch(/chave +│ versão +│ data +│ valor( anterior)? +│ resultado/);
      expect(table).toMatch(/k +│ - +│ - +│ +│ a chave "k" não existe/);
      expect(table).not.toContain('\u001b');
    }
    expect(answersTable('putall', [answer(get, { ...found, assigned: 2n })], plain)).toMatch(
      /│ 2 +│.*│ gravada +│/,
    );
    expect(answerLine('getrange', answer(get, found))).toMatch(
      /^k {25}\d{13} {2}.* {2}a\\x1b\[2J\\x0ab {2}encontrada$/,
    );
  });
});

describe('muitas linhas', () => {
  const shown = async (count: number): Promise<string[]> => {
    const lines: string[] = [];
    const output = {
      colors: false,
      line: (text: string) => {
        lines.push(...text.split('\n'));
        return undefined;
      },
      error: (message: string) => lines.push(message),
    };
    const rows = new Rows<number>(output, {
      table: (all) => `${all.length} in a table`,
      line: (row) => `#${row}`,
    });
    for (let row = 1; row <= count; row++) {
      void rows.add(row);
      // Beyond what a table holds nothing is kept back.
      if (row >= 500) expect(lines).toHaveLength(row);
    }
    await rows.end();
    expect(rows.count).toBe(count);
    return lines;
  };

  it('poucas numa tabela, muitas à medida que chegam, nenhuma duas vezes', async () => {
    expect(await shown(0)).toEqual([]);
    expect(await shown(499)).toEqual(['499 in a table']);
    for (const count of [500, 501, 1234]) {
      expect(await shown(count)).toEqual(Array.from({ length: count }, (_, index) => `#${index + 1}`));
    }
  });
});
