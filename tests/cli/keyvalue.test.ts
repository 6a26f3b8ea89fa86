import { describe, expect, it } from 'vitest';
import { TIMED_OPERATIONS } from '../../src/config/operation-names.js';
import type { TimedName } from '../../src/config/operation-names.js';
import type { KeyAnswer } from '../../src/cli/operations/operation.js';
import { keyRequestOf, sentOf } from '../../src/cli/operations/request.js';
import type { OperationRequest } from '../../src/cli/operations/request.js';
import { TIMED } from '../../src/cli/operations/timed.js';
import { dateText } from '../../src/cli/rendering/dates.js';
import { RowPrinter } from '../../src/cli/rendering/rows.js';
import { answersTo, printed } from './shown.js';

type Flags = Parameters<typeof keyRequestOf>[1];

const requestOf = (name: TimedName, flags: Flags): OperationRequest => keyRequestOf(TIMED[name], flags);

const moment = 1_795_224_964_623n;
const beyond = 9_223_372_036_854_775_807n;

describe('a request', () => {
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
    expect(sentOf(requestOf(operation, flags))).toEqual(expected);
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

  it('asks for the version of the key, and in a range for the greater of the two', () => {
    const asked = (operation: TimedName, flags: Flags, index = 0) =>
      answersTo(TIMED[operation], requestOf(operation, flags).asked, [blank, blank])[index]?.asked;
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

/** Messages of the door. */
const found = { key: 'k', val: 'a\u001b[2J\nb', ver: moment.toString() };
const blank = { key: 'k', ver: '0', old_ver: '0' };
const answer = (name: TimedName, message: object, version?: bigint): KeyAnswer =>
  answersTo(TIMED[name], [{ version }], [message])[0] as KeyAnswer;
const text = (name: TimedName, message: object): Promise<string> =>
  printed(TIMED[name], [answer(name, message)]);
const json = (name: TimedName, message: object, version?: bigint): Promise<string> =>
  printed(TIMED[name], [answer(name, message, version)], true);

describe('answers', () => {
  it('name what does not exist, with and without a version', () => {
    expect(answer('get', found).refusal).toBeUndefined();
    expect(answer('get', blank).refusal).toEqual({
      code: 'CHAVE_INEXISTENTE',
      exit: 3,
      message: 'a chave "k" não existe',
    });
    expect(answer('get', blank, 5n).refusal).toEqual({
      code: 'VERSAO_INEXISTENTE',
      exit: 3,
      message: `a chave "k" não tem versão até 5 (${dateText(5n)})`,
    });
    expect(answer('put', { ...blank, ver: '1' }).refusal).toBeUndefined();
  });

  it('show dates in the local time zone, and none beyond the range of dates', () => {
    expect(dateText(moment)).toMatch(/^\d\d\/11\/2026 \d\d:\d\d:04,623$/);
    expect(dateText(beyond)).toBe('');
    expect(answer('get', blank, beyond).refusal?.message).toBe(`a chave "k" não tem versão até ${beyond}`);
  });

  it('contain nothing that acts on the terminal when printed for people', async () => {
    const dated = `${moment} (${dateText(moment)})`;
    expect(await text('get', found)).toBe(`chave:  k\nvalor:  a\\x1b[2J\nb\nversão: ${dated}`);
    expect(await text('get', blank)).toBe('a chave "k" não existe');
    expect(await text('del', found)).toBe(
      `removidas todas as versões de k\na mais nova: versão ${dated}: a\\x1b[2J\nb`,
    );
    expect(await text('trim', { ...found, val: '' })).toBe(
      `removidas as versões antigas de k\na que ficou: versão ${dated}: (vazio)`,
    );
    expect(await text('put', { ...blank, ver: `${moment}` })).toBe(
      `gravada a versão ${dated} de k\nantes: não havia valor`,
    );
    const before = { key: 'k', old_val: found.val, old_ver: found.ver, ver: `${beyond}` };
    expect(await text('put', before)).toBe(
      `gravada a versão ${beyond} de k\nantes: versão ${dated}: a\\x1b[2J\nb`,
    );
  });

  it('are exact as JSON, on one line, with every digit', async () => {
    expect(await json('get', { key: 'k', val: '"\n', ver: `${beyond}` })).toBe(
      `{"operacao":"get","chave":"k","valor":"\\"\\n","versao":${beyond}}`,
    );
    expect(await json('put', { key: 'k', old_val: 'v', old_ver: '1', ver: '2' })).toBe(
      '{"operacao":"put","chave":"k","versao":2,"anterior":{"valor":"v","versao":1}}',
    );
    expect(await json('putall', { ...blank, ver: '2' })).toBe(
      '{"operacao":"putall","chave":"k","versao":2,"anterior":null}',
    );
    expect(JSON.parse(await json('getrange', blank, beyond))).toMatchObject({
      operacao: 'getrange',
      chave: 'k',
      erro: 'VERSAO_INEXISTENTE',
    });
    expect(await json('getrange', blank, beyond)).toContain(`"versaoPedida":${beyond}`);
  });

  it('have one row each in tables', async () => {
    for (const name of TIMED_OPERATIONS) {
      const operation = TIMED[name];
      if (operation.answers === 'one') continue;
      const message = { ...found, old_val: found.val, old_ver: found.ver };
      const table = await printed(operation, [answer(name, message), answer(name, blank)]);
      expect(table).toMatch(/chave +│ versão +│ data +│ valor( anterior)? +│ resultado/);
      expect(table).toMatch(/k +│ - +│ - +│ +│ a chave "k" não existe/);
      expect(table).not.toContain('\u001b');
    }
    const put = answer('putall', { key: 'k', ver: '2' });
    expect(await printed(TIMED.putall, [put])).toMatch(/│ 2 +│.*│ gravada +│/);
    const many = Array.from({ length: 501 }, () => answer('getrange', found));
    const [line] = (await printed(TIMED.getrange, many)).split('\n');
    expect(line).toMatch(/^k {25}\d{13} {2}.* {2}a\\x1b\[2J\\x0ab {2}encontrada$/);
  });
});

describe('many rows', () => {
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
    const rows = new RowPrinter<number>(output, {
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

  it('are printed as they arrive, few as a table, and none twice', async () => {
    expect(await shown(0)).toEqual([]);
    expect(await shown(499)).toEqual(['499 in a table']);
    for (const count of [500, 501, 1234]) {
      expect(await shown(count)).toEqual(Array.from({ length: count }, (_, index) => `#${index + 1}`));
    }
  });
});
