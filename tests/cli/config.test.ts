import { describe, expect, it } from 'vitest';
import { DEFAULTS, mergePort, serverConfig, unknownVariables } from '../../src/app/config.js';
import type { SettingSources } from '../../src/app/settings.js';

function config(sources: Partial<SettingSources>, file?: unknown) {
  const text = typeof file === 'string' ? file : JSON.stringify(file);
  return serverConfig({
    flags: {},
    env: {},
    ...sources,
    file: file === undefined ? undefined : { path: 'f.json', text },
  });
}

describe('configuração do servidor', () => {
  it('padrões', () => {
    expect(config({})).toEqual({
      host: '127.0.0.1',
      port: 40_000,
      fleet: 'padrao',
      brokers: [],
      localBroker: { host: '127.0.0.1', port: 1883 },
      minimumChars: 3,
      logLevel: 'info',
    });
    expect(config({})).toEqual(DEFAULTS);
  });

  it('linha de comando antes do ambiente, ambiente antes do arquivo, arquivo antes do padrão', () => {
    const file = { porta: 1, frota: 'arquivo', minimo: 1, host: 'arquivo' };
    const env = { KVS_PORTA: '2', KVS_FROTA: 'ambiente', KVS_MINIMO: '2' };
    const flags = { porta: '3', frota: 'linha' };
    expect(config({ flags, env }, file)).toMatchObject({
      port: 3,
      fleet: 'linha',
      minimumChars: 2,
      host: 'arquivo',
      logLevel: 'info',
    });
  });

  it('brokers: repetidos na linha, com vírgulas no ambiente, lista no arquivo; sempre em ordem, sem repetição', () => {
    const urls = (given: Parameters<typeof config>) => config(...given).brokers.map(({ url }) => url);
    const wanted = ['mqtt://b:1', 'mqtt://a:2'];
    expect(urls([{ flags: { broker: ['mqtt://b:1', 'mqtt://a:2', 'mqtt://b:1'] } }])).toEqual(wanted);
    expect(urls([{ env: { KVS_BROKER: 'mqtt://b:1, mqtt://a:2' } }])).toEqual(wanted);
    expect(urls([{}, { broker: wanted }])).toEqual(wanted);
    expect(urls([{}, { broker: 'mqtt://b:1' }])).toEqual(['mqtt://b:1']);
  });

  it('nome com hífen no ambiente e no arquivo', () => {
    expect(config({ env: { KVS_LOG_NIVEL: 'warn', KVS_BROKER_LOCAL: '[::1]:9' } })).toMatchObject({
      logLevel: 'warn',
      localBroker: { host: '::1', port: 9 },
    });
    expect(config({}, { 'log-nivel': 'debug' }).logLevel).toBe('debug');
  });

  it('variável vazia conta como ausente', () => {
    expect(config({ env: { KVS_PORTA: ' ' } }).port).toBe(40_000);
  });

  it('é congelada por inteiro', () => {
    const frozen = config({ flags: { broker: ['mqtt://a'] } });
    for (const part of [frozen, frozen.brokers, frozen.localBroker]) expect(Object.isFrozen(part)).toBe(true);
  });

  it.each<[Partial<SettingSources>, unknown, string]>([
    [{ flags: { porta: 'abc' } }, undefined, '--porta: "abc" não serve; esperado uma porta'],
    [{ flags: { porta: '65536' } }, undefined, '--porta: "65536"'],
    [{ flags: { porta: '-1' } }, undefined, '--porta: "-1"'],
    [{ flags: { porta: ['1', '2'] } }, undefined, 'um só valor, não 2'],
    [{ env: { KVS_PORTA: '9e3' } }, undefined, 'KVS_PORTA: "9e3"'],
    [{ flags: { host: 'a b' } }, undefined, '--host: "a b"'],
    [{ flags: { frota: 'a/b' } }, undefined, '--frota: "a/b"'],
    [{ flags: { frota: '' } }, undefined, '--frota: ""'],
    [{ flags: { minimo: '-1' } }, undefined, '--minimo: "-1"'],
    [{ flags: { 'log-nivel': 'alto' } }, undefined, 'esperado um destes: debug, info, warn, error, silent'],
    [{ flags: { broker: ['nada'] } }, undefined, '--broker "nada"'],
    [{ flags: { broker: ['http://a:1'] } }, undefined, '--broker "http://a:1"'],
    [{ flags: { broker: [''] } }, undefined, '--broker: ""'],
    [{ env: { KVS_BROKER: 'mqtt://a:99999' } }, undefined, 'KVS_BROKER'],
    [{ flags: { 'broker-local': 'maquina' } }, undefined, '--broker-local: "maquina"'],
    [{ flags: { 'broker-local': 'maquina:0' } }, undefined, '--broker-local: "maquina:0"'],
    [{}, '{', 'f.json: não é JSON válido'],
    [{}, [], 'f.json: esperado um objeto JSON'],
    [{}, { prota: 1 }, 'f.json: opção desconhecida "prota"; conhecidas: porta'],
    [{}, { porta: true }, '"porta" em f.json: "true" não serve'],
    [{}, { porta: 1.5 }, '"porta" em f.json: "1.5" não serve'],
    [{}, { broker: [{}] }, '"broker" em f.json'],
  ])('recusa %j %j', (sources, file, message) => {
    expect(() => config(sources, file)).toThrow(expect.objectContaining({ code: 'CONFIGURACAO' }));
    expect(() => config(sources, file)).toThrow(message);
    expect(() => config(sources, file)).not.toThrow(/\n/);
  });

  it('não repete a senha de um endereço de broker', () => {
    expect(() => config({ flags: { broker: ['mqtt://eu:segredo@a:1'] } })).toThrow(/usuário e senha/);
    expect(() => config({ flags: { broker: ['mqtt://eu:segredo@a:1'] } })).not.toThrow(/segredo/);
  });
});

describe('porta dita duas vezes', () => {
  it('serve se for a mesma', () => {
    expect(mergePort('1', undefined)).toBe('1');
    expect(mergePort(undefined, '2')).toBe('2');
    expect(mergePort('3', '3')).toBe('3');
    expect(mergePort(undefined, undefined)).toBeUndefined();
    expect(() => mergePort('1', '2')).toThrow('a porta foi dada duas vezes: 1 e --porta 2');
  });
});

it('aponta variáveis KVS_ que não são opções', () => {
  expect(unknownVariables({ KVS_PORTA: '1', KVS_BROKERS: 'x', KVS_JSON: '1', PATH: '' })).toEqual([
    'KVS_BROKERS',
  ]);
});
