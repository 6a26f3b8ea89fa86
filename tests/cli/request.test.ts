import { describe, expect, it } from 'vitest';
import { COUNTED } from '../../src/cli/operations/counted.js';
import { countedOperationOf, keyRequestOf, sentOf } from '../../src/cli/operations/request.js';
import { targetOf } from '../../src/cli/target.js';
import { CLIENT_OPTIONS } from '../../src/config/client-options.js';
import { Settings } from '../../src/config/settings.js';

type Flags = Parameters<typeof countedOperationOf>[0];

function requestOf(flags: Flags): object {
  const operation = countedOperationOf(flags);
  return { operation, ...sentOf(keyRequestOf(COUNTED[operation], flags)) };
}

describe('a request', () => {
  it.each<[string, Flags, object]>([
    [
      'insere',
      { operacao: 'insere', chave: ['a'], valor: [''] },
      { operation: 'insere', item: { chave: 'a', valor: '' } },
    ],
    [
      'consulta sem versão',
      { operacao: 'consulta', chave: ['a'] },
      { operation: 'consulta', item: { chave: 'a' } },
    ],
    [
      'remove com versão',
      { operacao: 'remove', chave: ['a'], ver: ['-1'] },
      { operation: 'remove', item: { chave: 'a', versao: -1 } },
    ],
    [
      'consulta-v sem -e pede 0 de cada chave',
      { operacao: 'consulta-v', chave: ['a', 'b'] },
      {
        operation: 'consulta-v',
        items: [
          { chave: 'a', versao: 0 },
          { chave: 'b', versao: 0 },
        ],
      },
    ],
    [
      'remove-v com tantos -e quantos -k',
      { operacao: 'remove-v', chave: ['a', 'b'], ver: ['2', '2147483647'] },
      {
        operation: 'remove-v',
        items: [
          { chave: 'a', versao: 2 },
          { chave: 'b', versao: 2147483647 },
        ],
      },
    ],
    [
      'insere-v casa chaves e valores em ordem',
      { operacao: 'insere-v', chave: ['a', 'b'], valor: ['1', '2'] },
      {
        operation: 'insere-v',
        items: [
          { chave: 'a', valor: '1' },
          { chave: 'b', valor: '2' },
        ],
      },
    ],
    ['snapshot sem versão', { operacao: 'snapshot' }, { operation: 'snapshot', item: { versao: 0 } }],
    ['snapshot em uma', { operacao: 'snapshot', ver: ['3'] }, { operation: 'snapshot', item: { versao: 3 } }],
  ])('%s', (_what, flags, expected) => {
    expect(requestOf(flags)).toEqual(expected);
  });

  it.each<[Flags, string]>([
    [{}, 'diga a operação com -o: insere, consulta,'],
    [{ operacao: ['insere', 'remove'] }, 'um só valor, não 2'],
    [{ operacao: 'insere', valor: ['x'] }, 'insere: chave (-k): esperado 1, recebido 0'],
    [{ operacao: 'insere', chave: ['a', 'b'], valor: ['x'] }, 'insere: chave (-k): esperado 1, recebido 2'],
    [{ operacao: 'insere', chave: ['a'] }, 'insere: valor (-v): esperado 1, recebido 0'],
    [
      { operacao: 'insere', chave: ['a'], valor: ['x'], ver: ['1'] },
      'versão (-e): esperado nenhuma, recebido 1',
    ],
    [
      { operacao: 'consulta', chave: ['a'], ver: ['1', '2'] },
      'versão (-e): esperado no máximo 1, recebido 2',
    ],
    [
      { operacao: 'consulta', chave: ['a'], valor: ['x'] },
      'consulta: valor (-v): esperado nenhum, recebido 1',
    ],
    [
      { operacao: 'insere-v', chave: ['a', 'b'], valor: ['x'] },
      'valor (-v): esperado 2, um por chave, recebido 1',
    ],
    [{ operacao: 'insere-v' }, 'insere-v: chave (-k): esperado pelo menos 1, recebido 0'],
    [
      { operacao: 'consulta-v', chave: ['a', 'b'], ver: ['1'] },
      'esperado nenhuma, ou 2, uma por chave, recebido 1',
    ],
    [
      { operacao: 'remove-v', chave: ['a'], ver: ['1', '2'] },
      'esperado nenhuma, ou 1, uma por chave, recebido 2',
    ],
    [{ operacao: 'snapshot', chave: ['a'] }, 'snapshot: chave (-k): esperado nenhuma, recebido 1'],
    [{ operacao: 'consulta', chave: ['a'], ver: ['x'] }, '-e: "x" não serve'],
    [{ operacao: 'consulta', chave: ['a'], ver: [''] }, '-e: "" não serve'],
    [{ operacao: 'consulta', chave: ['a'], ver: ['1.5'] }, '-e: "1.5" não serve'],
    [{ operacao: 'consulta', chave: ['a'], ver: ['2147483648'] }, '-e: "2147483648" não serve'],
    [{ operacao: 'consulta', chave: ['a'], ver: ['-2147483649'] }, '-e: "-2147483649" não serve'],
  ])('%j: %s', (flags, message) => {
    expect(() => requestOf(flags)).toThrow(expect.objectContaining({ code: 'CONFIGURACAO' }));
    expect(() => requestOf(flags)).toThrow(message);
  });
});

describe('the server to ask', () => {
  const settings = (flags: Flags, env: Readonly<Record<string, string>> = {}) =>
    new Settings(CLIENT_OPTIONS, { flags, env, file: undefined });
  const target = (...given: Parameters<typeof settings>) => targetOf(settings(...given));

  it('comes from defaults, environment and options, the later ones winning', () => {
    const local = { host: '127.0.0.1', port: 40_000 };
    expect(target({}, {})).toEqual({ servers: [local], discovers: false, timeoutMs: 10_000 });
    const env = { KVS_ENDERECO: 'a', KVS_PORTA: '1', KVS_PRAZO: '2' };
    expect(target({}, env)).toMatchObject({ servers: [{ host: 'a', port: 1 }], timeoutMs: 2 });
    expect(target({ endereco: '[::1]', porta: '3', prazo: '4' }, env)).toMatchObject({
      servers: [{ host: '::1', port: 3 }],
      timeoutMs: 4,
    });
    expect(target({}, { KVS_ADDRESS: 'b', KVS_PORT: '5' })).toMatchObject({
      servers: [{ host: 'b', port: 5 }],
    });
  });

  it('may be several servers, each listed once', () => {
    const at = (host: string, port: number) => ({ host, port });
    expect(target({ porta: '1,2,1' }, {}).servers).toEqual([at('127.0.0.1', 1), at('127.0.0.1', 2)]);
    const listed = target({ servidores: ['a:1,[::1]:2', 'b:3'] }, { KVS_PORTA: '9' });
    expect(listed.servers).toEqual([at('a', 1), at('::1', 2), at('b', 3)]);
    expect(target({}, { KVS_SERVIDORES: 'a:1 b:2' }).servers).toEqual([at('a', 1), at('b', 2)]);
    expect(target({}, { KVS_DESCOBRE: 'sim' }).discovers).toBe(true);
    expect(target({ descobre: 'sim' }).discovers).toBe(true);
  });

  it.each<[Flags, Record<string, string>, string]>([
    [{ porta: '99999' }, {}, '--porta: "99999" não serve'],
    [{ porta: '1,x' }, {}, '--porta: "x" não serve'],
    [{ servidores: ['a'] }, {}, '--servidores: "a" não serve'],
    [{ servidores: ['a:1'], porta: '2' }, {}, 'não junte --porta'],
    [{ endereco: ['a', 'b'] }, {}, 'um só valor, não 2'],
    [{ endereco: 'a b' }, {}, '--endereco: "a b" não serve'],
    [{ prazo: '0' }, {}, '--prazo: "0" não serve'],
    [{}, { KVS_PORTA: 'x' }, 'KVS_PORTA: "x" não serve'],
  ])('%j %j: %s', (flags, env, message) => {
    expect(() => target(flags, env)).toThrow(message);
  });

  it.each([
    [undefined, false],
    ['', false],
    ['0', false],
    ['não', false],
    ['1', true],
    ['sim', true],
  ])('KVS_JSON=%s is %s', (value, expected) => {
    expect(settings({}, value === undefined ? {} : { KVS_JSON: value }).value('json')).toBe(expected);
  });
});
