import { describe, expect, it } from 'vitest';
import { serverConfig } from '../../src/config/server-config.js';
import type { ConsensusConfig, FleetConfig } from '../../src/config/engine-config.js';
import { mergePort } from '../../src/config/parse.js';
import type { SettingSources } from '../../src/config/settings.js';
import { unknownVariables } from '../../src/config/commands.js';

function config(sources: Partial<SettingSources>, file?: unknown) {
  const text = typeof file === 'string' ? file : JSON.stringify(file);
  return serverConfig({
    flags: {},
    env: {},
    ...sources,
    file: file === undefined ? undefined : { path: 'f.json', text },
  });
}

function fleet(...given: Parameters<typeof config>): FleetConfig {
  const { engine } = config(...given);
  if (engine.name !== 'frota') throw new Error(`not a fleet: ${engine.name}`);
  return engine;
}

function consensus(flags: SettingSources['flags'] = {}, ...rest: [file?: unknown]): ConsensusConfig {
  const { engine } = config({ flags: { motor: 'consenso', ...flags } }, ...rest);
  if (engine.name !== 'consenso') throw new Error(`not consensus: ${engine.name}`);
  return engine;
}

describe('the configuration of the server', () => {
  it('has defaults', () => {
    expect(config({})).toEqual({
      host: '127.0.0.1',
      listenOn: ['127.0.0.1', '::1'],
      port: 40_000,
      minimumChars: 3,
      logLevel: 'info',
      http: { isOpen: true, names: [], origins: [] },
      portal: [],
      brokerCredentials: undefined,
      tls: undefined,
      credentials: undefined,
      retention: [],
      engine: {
        name: 'frota',
        fleet: 'padrao',
        brokers: [],
        localBroker: { host: '127.0.0.1', port: 1883, listenOn: ['127.0.0.1', '::1'] },
        forgetAfterMs: 0,
      },
      laboratory: false,
    });
    expect(config({ flags: { 'esquece-depois': '24' } }).engine).toMatchObject({ forgetAfterMs: 86_400_000 });
    expect(config({ flags: { host: '127.0.0.1' } })).toMatchObject({ listenOn: '127.0.0.1' });
  });

  it('reads what is decided of HTTP', () => {
    const flags = {
      'http-nomes': ['Kvs.Exemplo.', 'b,0:0::1'],
      'http-origens': 'HTTPS://Painel.Exemplo:443',
    };
    expect(config({ flags }).http).toEqual({
      isOpen: true,
      names: ['kvs.exemplo', 'b', '::1'],
      origins: ['https://painel.exemplo'],
    });
    expect(config({ env: { KVS_SEM_HTTP: 'sim' } }).http.isOpen).toBe(false);
  });

  it('reads rules of retention, several in one text or in a list', () => {
    const rules = [
      { prefix: 'log/', versions: 10, ageMs: 2_592_000_000 },
      { prefix: '', versions: 1 },
      { prefix: 'a=b', ageMs: 45_000 },
    ];
    const texts = ['log/=30d,10', '=1', 'a=b=45s'];
    expect(config({ flags: { retencao: texts } })).toMatchObject({ retention: rules });
    expect(config({ env: { KVS_RETENCAO: texts.join('; ') } })).toMatchObject({ retention: rules });
    expect(config({}, { retencao: texts })).toMatchObject({ retention: rules });
  });

  it('takes the command line before the environment, the environment before the file, the file before the default', () => {
    const file = { porta: 1, frota: 'arquivo', minimo: 1, host: 'arquivo' };
    const env = { KVS_PORTA: '2', KVS_FROTA: 'ambiente', KVS_MINIMO: '2' };
    const flags = { porta: '3', frota: 'linha' };
    expect(config({ flags, env }, file)).toMatchObject({
      port: 3,
      engine: { fleet: 'linha' },
      minimumChars: 2,
      host: 'arquivo',
      logLevel: 'info',
    });
  });

  it('takes brokers as repeated flags, with commas in a variable or as a list in the file, in order and without repeats', () => {
    const urls = (given: Parameters<typeof config>) => fleet(...given).brokers.map(({ url }) => url);
    const wanted = ['mqtt://b:1', 'mqtt://a:2'];
    expect(urls([{ flags: { broker: ['mqtt://b:1', 'mqtt://a:2', 'mqtt://b:1'] } }])).toEqual(wanted);
    expect(urls([{ env: { KVS_BROKER: 'mqtt://b:1, mqtt://a:2' } }])).toEqual(wanted);
    expect(urls([{}, { broker: wanted }])).toEqual(wanted);
    expect(urls([{}, { broker: 'mqtt://b:1' }])).toEqual(['mqtt://b:1']);
  });

  it('is the same when the engine frota is named as when it is the default', () => {
    expect(config({ flags: { motor: 'frota' } }).engine).toEqual(config({}).engine);
  });

  it('has options of its own for the engine consenso, and none of the fleet', () => {
    expect(consensus()).toEqual({
      name: 'consenso',
      replicas: ['127.0.0.1:23791', '127.0.0.1:23792', '127.0.0.1:23793'],
      deadlineMs: 5_000,
      localReads: false,
      portalBrokers: [],
    });
    const given = { replicas: ['a:1', 'b:2,a:1', '[::1]:3'], 'prazo-consenso': '700', leitura: 'local' };
    expect(consensus(given)).toEqual({
      name: 'consenso',
      replicas: ['a:1', 'b:2', '[::1]:3'],
      deadlineMs: 700,
      localReads: true,
      portalBrokers: [],
    });
    expect(consensus({}, { replicas: ['c:1', 'd:1'], leitura: 'linear' })).toMatchObject({
      replicas: ['c:1', 'd:1'],
      localReads: false,
    });
  });

  it('has options of its own for the engine lider, whose servers include this server and the leader', () => {
    const leader = (flags: SettingSources['flags'], env: SettingSources['env'] = {}) =>
      config({ flags: { motor: 'lider', ...flags }, env }).engine;
    expect(leader({})).toEqual({
      name: 'lider',
      port: 10_097,
      leader: '127.0.0.1:10097',
      servers: ['127.0.0.1:10097', '127.0.0.1:10098', '127.0.0.1:10099'],
      deadlineMs: 5_000,
      portalBrokers: [],
    });
    const given = {
      ...{ host: 'LocalHost', 'porta-mensagem': '2', lider: 'localhost:1', 'prazo-lider': '700' },
      ...{ 'servidores-lider': ['127.0.0.1:1', 'localhost:2,127.0.0.1:3,127.0.0.1:1'], escuta: '0.0.0.0:9' },
    };
    expect(leader(given)).toEqual({
      name: 'lider',
      port: 2,
      listen: { host: '0.0.0.0', port: 9 },
      leader: '127.0.0.1:1',
      servers: ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3'],
      deadlineMs: 700,
      portalBrokers: [],
    });
    expect(leader({}, { KVS_PORTA_MENSAGEM: '10098' })).toMatchObject({ port: 10_098 });
    for (const [flags, message] of [
      [{ 'porta-mensagem': '5' }, 'este servidor, 127.0.0.1:5, não está entre'],
      [{ lider: '127.0.0.1:5' }, 'o líder, 127.0.0.1:5, não está entre'],
      [{ 'porta-mensagem': '0' }, 'um número de porta, de 1 a 65535'],
      [{ 'servidores-lider': '' }, 'de 1 a 16 endereços'],
      [{ broker: 'mqtt://a' }, '--broker só vale com --motor frota'],
      [{ replicas: 'a:1' }, '--replicas só vale com --motor consenso'],
      [{ motor: 'frota', lider: 'a:1' }, '--lider só vale com --motor lider, e o motor aqui é frota'],
    ] as const) {
      expect(() => leader(flags), message).toThrow(message);
    }
  });

  it('takes the services of the portal with commas, without repeats, and its broker only with consenso or lider', () => {
    expect(config({ flags: { portal: 'admin' } }).portal).toEqual(['admin']);
    expect(config({ env: { KVS_PORTAL: 'matricula, admin,admin' } }).portal).toEqual(['matricula', 'admin']);
    expect(config({}, { portal: ['admin', 'matricula'] }).portal).toEqual(['admin', 'matricula']);
    expect(() => config({ flags: { portal: 'tudo' } })).toThrow('esperado um destes: admin, matricula');
    expect(() => config({ flags: { portal: ',' } })).toThrow('um destes, ou ambos');
    expect(() => config({ flags: { 'portal-broker': ['mqtt://a'] } })).toThrow(
      '--portal-broker só vale com --motor consenso ou lider, e o motor aqui é frota',
    );
    expect(config({ flags: { portal: 'admin', dados: 'pasta' } }).portal).toEqual(['admin']);
    const leader = { portal: 'admin', motor: 'lider', 'portal-broker': ['mqtt://a:1'] };
    expect(config({ flags: leader })).toMatchObject({
      portal: ['admin'],
      engine: { portalBrokers: [{ url: 'mqtt://a:1' }] },
    });
    const { portalBrokers } = consensus({ 'portal-broker': ['mqtt://a:1'] });
    expect(portalBrokers.map(({ url }) => url)).toEqual(['mqtt://a:1']);
  });

  it('takes names with hyphens in the environment and in the file', () => {
    expect(config({ env: { KVS_LOG_NIVEL: 'warn', KVS_BROKER_LOCAL: '[::1]:9' } })).toMatchObject({
      logLevel: 'warn',
      engine: { localBroker: { host: '::1', port: 9 } },
    });
    expect(config({}, { 'log-nivel': 'debug' }).logLevel).toBe('debug');
  });

  it('takes an empty variable as absent', () => {
    expect(config({ env: { KVS_PORTA: ' ' } }).port).toBe(40_000);
  });

  it('is frozen throughout', () => {
    const sources = { flags: { broker: ['mqtt://a'] } };
    const { brokers, localBroker } = fleet(sources);
    const replicas = consensus();
    for (const part of [
      config(sources),
      config(sources).engine,
      brokers,
      localBroker,
      replicas,
      replicas.replicas,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it.each<[Partial<SettingSources>, unknown, string]>([
    [{ flags: { porta: 'abc' } }, undefined, '--porta: "abc" não serve; esperado um número de porta'],
    [{ flags: { porta: '65536' } }, undefined, '--porta: "65536"'],
    [{ flags: { porta: '-1' } }, undefined, '--porta: "-1"'],
    [{ flags: { porta: ['1', '2'] } }, undefined, 'um só valor, não 2'],
    [{ env: { KVS_PORTA: '9e3' } }, undefined, 'KVS_PORTA: "9e3"'],
    [{ flags: { host: 'a b' } }, undefined, '--host: "a b"'],
    [{ flags: { frota: 'a/b' } }, undefined, '--frota: "a/b"'],
    [{ flags: { frota: '' } }, undefined, '--frota: ""'],
    [{ flags: { minimo: '-1' } }, undefined, '--minimo: "-1"'],
    [{ flags: { 'http-nomes': 'a b/c' } }, undefined, '--http-nomes: "b/c"'],
    [{ flags: { 'http-nomes': '' } }, undefined, 'esperado um nome'],
    [{ flags: { 'http-nomes': 'kvs.exemplo:9000' } }, undefined, 'esperado um nome sem porta'],
    [{ flags: { 'http-origens': '*' } }, undefined, '--http-origens: "*"'],
    [{ flags: { 'http-origens': 'null' } }, undefined, 'esperado uma origem'],
    [{ flags: { 'http-origens': 'https://a.b/c' } }, undefined, '--http-origens: "https://a.b/c"'],
    [{ flags: { 'http-origens': 'https://u@a.b' } }, undefined, '--http-origens: "https://u@a.b"'],
    [{ env: { KVS_SEM_HTTP: 'talvez' } }, undefined, 'KVS_SEM_HTTP: "talvez"'],
    [{ flags: { retencao: ['log/'] } }, undefined, '--retencao: "log/"'],
    [{ flags: { retencao: ['log/=0'] } }, undefined, 'esperado prefixo=10'],
    [{ flags: { retencao: ['log/=3,4'] } }, undefined, '--retencao: "log/=3,4"'],
    [{ flags: { retencao: ['a=1', 'a=2'] } }, undefined, 'duas regras para o prefixo "a"'],
    [{ env: { KVS_RETENCAO: ';' } }, undefined, 'KVS_RETENCAO'],
    [{ flags: { 'log-nivel': 'alto' } }, undefined, 'esperado um destes: debug, info, warn, error, silent'],
    [{ flags: { broker: ['nada'] } }, undefined, '--broker "nada"'],
    [{ flags: { broker: ['http://a:1'] } }, undefined, '--broker "http://a:1"'],
    [{ flags: { broker: [''] } }, undefined, '--broker: ""'],
    [{ env: { KVS_BROKER: 'mqtt://a:99999' } }, undefined, 'KVS_BROKER'],
    [{ flags: { 'broker-local': 'maquina' } }, undefined, '--broker-local: "maquina"'],
    [{ flags: { 'broker-local': 'maquina:0' } }, undefined, '--broker-local: "maquina:0"'],
    [
      { flags: { motor: 'nada' } },
      undefined,
      '--motor: "nada" não serve; esperado um destes: frota, consenso',
    ],
    [{ env: { KVS_MOTOR: 'Frota' } }, undefined, 'KVS_MOTOR: "Frota"'],
    [{ flags: { motor: ['frota', 'consenso'] } }, undefined, 'um só valor, não 2'],
    [
      { flags: { motor: 'consenso', replicas: ['a'] } },
      undefined,
      '--replicas: "a" não serve; esperado endereço',
    ],
    [{ flags: { motor: 'consenso', replicas: ['a:0'] } }, undefined, '--replicas: "a:0"'],
    [{ flags: { motor: 'consenso', replicas: [','] } }, undefined, '--replicas: ""'],
    [{ flags: { motor: 'consenso', 'prazo-consenso': '499' } }, undefined, 'de 500 a 600000'],
    [{ flags: { motor: 'consenso', 'prazo-consenso': '1e4' } }, undefined, '--prazo-consenso: "1e4"'],
    [{ flags: { motor: 'consenso', leitura: 'rapida' } }, undefined, 'esperado um destes: linear, local'],
    [{ flags: { motor: 'consenso', broker: ['mqtt://a'] } }, undefined, '--broker só vale com --motor frota'],
    [
      { flags: { motor: 'consenso' }, env: { KVS_FROTA: 'x' } },
      undefined,
      'KVS_FROTA só vale com --motor frota',
    ],
    [{ flags: { motor: 'consenso', 'broker-local': 'a:1' } }, undefined, 'e o motor aqui é consenso'],
    [{ flags: { motor: 'consenso', dados: 'pasta' } }, undefined, 'e o motor aqui é consenso'],
    [{ flags: { dados: ' ' } }, undefined, '--dados: "" não serve'],
    [{ flags: { 'esquece-depois': '1d' } }, undefined, 'um número inteiro de horas'],
    [
      { flags: { replicas: ['a:1'] } },
      undefined,
      '--replicas só vale com --motor consenso, e o motor aqui é frota',
    ],
    [{}, { 'prazo-consenso': 900 }, '"prazo-consenso" em f.json só vale com --motor consenso'],
    [{ env: { KVS_LEITURA: 'local' } }, undefined, 'KVS_LEITURA só vale com --motor consenso'],
    [{}, '{', 'f.json: não é JSON válido'],
    [{}, '{"a":1,}', 'f.json: não é JSON válido (at position 7'],
    [{}, [], 'f.json: esperado um objeto JSON'],
    [{}, { prota: 1 }, 'f.json: opção desconhecida "prota"; conhecidas: porta'],
    [{}, { porta: true }, '"porta" em f.json: "true" não serve'],
    [{}, { porta: 1.5 }, '"porta" em f.json: "1.5" não serve'],
    [{}, { broker: [{}] }, '"broker" em f.json'],
  ])('refuses %j %j', (sources, file, message) => {
    expect(() => config(sources, file)).toThrow(expect.objectContaining({ code: 'CONFIGURACAO' }));
    expect(() => config(sources, file)).toThrow(message);
    expect(() => config(sources, file)).not.toThrow(/\n/);
  });

  it('does not repeat the content of a file that is not JSON, which may be a secret', () => {
    for (const text of ['kvs_maria.segredo', '"segredo', 'a1b2c3d4', '7 segredo']) {
      expect(() => config({}, text)).toThrow(/^f\.json: não é JSON válido( \(at position \d+[^"]*\))?$/);
    }
  });

  it('does not repeat the password in the address of a broker', () => {
    expect(() => config({ flags: { broker: ['mqtt://eu:segredo@a:1'] } })).toThrow(/usuário e senha/);
    expect(() => config({ flags: { broker: ['mqtt://eu:segredo@a:1'] } })).not.toThrow(/segredo/);
  });
});

describe('a port given twice', () => {
  it('is accepted if it is the same', () => {
    expect(mergePort('1', undefined)).toBe('1');
    expect(mergePort(undefined, '2')).toBe('2');
    expect(mergePort('3', '3')).toBe('3');
    expect(mergePort(undefined, undefined)).toBeUndefined();
    expect(() => mergePort('1', '2')).toThrow('a porta foi dada duas vezes: 1 e --porta 2');
  });
});

it('reports KVS_ variables that are not options', () => {
  expect(
    unknownVariables({ KVS_PORTA: '1', KVS_BROKERS: 'x', KVS_JSON: '1', KVS_REPLICA_DADOS: '/x', PATH: '' }),
  ).toEqual(['KVS_BROKERS']);
});
