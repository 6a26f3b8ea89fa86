import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/arguments.js';
import type { Command } from '../../src/cli/arguments.js';
import { KvsError } from '../../src/core/errors.js';

function client(...words: string[]): Extract<Command, { kind: 'client' }> {
  const command = parseCommandLine(['cliente', ...words]);
  if (command.kind !== 'client') throw new Error(`not a client: ${JSON.stringify(command)}`);
  return command;
}

function server(...words: string[]): Extract<Command, { kind: 'server' }> {
  const command = parseCommandLine(['servidor', ...words]);
  if (command.kind !== 'server') throw new Error(`not a server: ${JSON.stringify(command)}`);
  return command;
}

describe('kvs lider-servidor and lider-cliente', () => {
  it('give the server short names for the options of the engine', () => {
    expect(parseCommandLine(['lider-servidor'])).toEqual({ kind: 'leaderServer', flags: {} });
    const words = [
      'lider-servidor',
      '--ip',
      '10.0.0.1',
      '-p',
      '10098',
      '--servidores',
      'a:1,b:2',
      '--prazo',
      '900',
    ];
    expect(parseCommandLine(words)).toMatchObject({
      kind: 'leaderServer',
      flags: {
        host: '10.0.0.1',
        'porta-mensagem': '10098',
        'servidores-lider': ['a:1,b:2'],
        'prazo-lider': '900',
      },
    });
    expect(() => parseCommandLine(['lider-servidor', '--nada'])).toThrow('veja: kvs lider-servidor --help');
  });

  it('give the client its actions in order', () => {
    const command = parseCommandLine(['lider-cliente', '--get', 'a', '--insiste', '--put', 'b', '-c']);
    expect(command).toMatchObject({
      kind: 'leaderClient',
      flags: { insiste: 'sim' },
      actions: [
        { kind: 'get', key: 'a' },
        { kind: 'put', key: 'b', value: '-c' },
      ],
    });
    expect(parseCommandLine(['lider-cliente'])).toMatchObject({ actions: [], flags: {} });
  });
});

describe('the command line of the client', () => {
  it.each<[string, string[], Record<string, unknown>]>([
    [
      'o exemplo do contrato',
      ['--port', '9000', '-o', 'insere', '-k', 'chave', '-v', 'valor'],
      {
        porta: '9000',
        operacao: 'insere',
        chave: ['chave'],
        valor: ['valor'],
      },
    ],
    [
      'número como chave continua texto',
      ['-k', '123', '-k', '007', '-v', '1e3'],
      {
        chave: ['123', '007'],
        valor: ['1e3'],
      },
    ],
    ['valor vazio', ['-v', ''], { valor: [''] }],
    ['valor vazio com =, no fim', ['-k', 'abc', '--valor='], { chave: ['abc'], valor: [''] }],
    ['valor vazio com = na forma curta', ['-v=', '-k', 'abc'], { valor: [''], chave: ['abc'] }],
    ['valor que começa com hífen', ['-v=-x', '--valor=--y'], { valor: ['-x', '--y'] }],
    ['número negativo como valor', ['-v', '-5'], { valor: ['-5'] }],
    ['aspas são do valor', ['-v="q"', "--valor='q'", '-v', '"q"'], { valor: ['"q"', "'q'", '"q"'] }],
    ['uma aspa só', ['-v="'], { valor: ['"'] }],
    ['quebra de linha', ['-v=a\nb', '-k', 'c\nd'], { valor: ['a\nb'], chave: ['c\nd'] }],
    ['= dentro do valor', ['--chave=a=b', '-v=c=d'], { chave: ['a=b'], valor: ['c=d'] }],
    [
      'versões, também negativas',
      ['-e', '1', '-e', '-1', '--ver=-1', '--versao', '3'],
      { ver: ['1', '-1', '-1', '3'] },
    ],
    ['endereço e porta por qualquer nome', ['-a', '::1', '-p', '9'], { endereco: '::1', porta: '9' }],
    ['nomes compridos', ['--address', 'maquina', '--porta', '9'], { endereco: 'maquina', porta: '9' }],
    [
      'nomes de protótipo são chaves como outras',
      ['-k', '__proto__', '-k', 'constructor'],
      {
        chave: ['__proto__', 'constructor'],
      },
    ],
    ['emoji e acento', ['-k', 'ação🎉'], { chave: ['ação🎉'] }],
  ])('%s', (_what, words, expected) => {
    expect(client(...words).flags).toMatchObject(expected);
  });

  it('--json', () => {
    expect(client('-o', 'snapshot').flags).not.toHaveProperty('json');
    expect(client('-o', 'snapshot', '--json').flags).toMatchObject({ json: 'sim' });
  });
});

describe('operations by position', () => {
  it.each<[string, string[], string, Record<string, unknown>]>([
    [
      'o exemplo do contrato',
      ['--porta', '40001', 'get', '--chave', 'a'],
      'get',
      { porta: '40001', chave: ['a'] },
    ],
    [
      'várias palavras depois de uma opção',
      ['putall', '--chave', 'a', 'b', 'c', '--valor', '1', '-2', 'x=y', '-p', '9'],
      'putall',
      { chave: ['a', 'b', 'c'], valor: ['1', '-2', 'x=y'], porta: '9' },
    ],
    ['versões', ['getall', '--chave', 'a', 'b', '--versao', '1', '-1'], 'getall', { ver: ['1', '-1'] }],
    ['nomes curtos e repetição', ['getall', '-k', 'a', 'b', '-k', 'c'], 'getall', { chave: ['a', 'b', 'c'] }],
    [
      'valores vazios',
      ['putall', '--chave', '', 'b', '--valor', 'x', ''],
      'putall',
      { chave: ['', 'b'], valor: ['x', ''] },
    ],
    ['o que começa com hífen', ['put', '--chave', 'a', '--valor=-x'], 'put', { chave: ['a'], valor: ['-x'] }],
    [
      'depois de =',
      ['putall', '--chave=a', 'b', '--valor=1', '2'],
      'putall',
      { chave: ['a', 'b'], valor: ['1', '2'] },
    ],
    [
      'aspas e quebras de linha',
      ['put', '--chave', '"q"', '--valor', 'a\nb'],
      'put',
      { chave: ['"q"'], valor: ['a\nb'] },
    ],
    [
      'chaves que são nomes de operações',
      ['put', '--chave', 'get', '--valor', 'del'],
      'put',
      { chave: ['get'], valor: ['del'] },
    ],
    [
      'nomes de protótipo',
      ['delall', '--chave', '__proto__', 'constructor'],
      'delall',
      { chave: ['__proto__', 'constructor'] },
    ],
    ['--json antes', ['--json', 'trim', '--chave', 'a'], 'trim', { chave: ['a'] }],
    [
      'opções dos dois lados',
      ['-a', 'get', 'del', '--chave', 'a', '--prazo', '5'],
      'del',
      { endereco: 'get', prazo: '5' },
    ],
  ])('%s', (_what, words, operation, flags) => {
    const command = client(...words);
    expect(command.operation).toBe(operation);
    expect(command.flags).toMatchObject(flags);
    expect(command.flags).not.toHaveProperty('OPERACAO');
  });

  it('are not read with -o, where an extra word is an error', () => {
    expect(client('-o', 'insere', '-k', 'get', '-v', 'put').operation).toBeUndefined();
    expect(client('-o', 'insere', '-k', 'get', '-v', 'put').flags).toMatchObject({
      chave: ['get'],
      valor: ['put'],
    });
  });
});

describe('the command line of the server', () => {
  it('takes the port by position, by name, or not at all', () => {
    expect(server('9000')).toMatchObject({ positionalPort: '9000', flags: {} });
    expect(server('--porta', '9000').flags).toMatchObject({ porta: '9000' });
    expect(server('--port', '9000').flags).toMatchObject({ porta: '9000' });
    expect(server()).toEqual({ kind: 'server', positionalPort: undefined, flags: {} });
  });

  it('takes brokers in the given order', () => {
    expect(server('--broker', 'mqtt://a', '--broker=mqtt://b').flags).toEqual({
      broker: ['mqtt://a', 'mqtt://b'],
    });
  });

  it('takes the other options', () => {
    const words = [
      '--host',
      '0.0.0.0',
      '--frota',
      'f',
      '--minimo',
      '0',
      '--log-nivel',
      'warn',
      '--config',
      'a.json',
    ];
    expect(server(...words, '--broker-local', 'h:1').flags).toEqual({
      host: '0.0.0.0',
      frota: 'f',
      minimo: '0',
      'log-nivel': 'warn',
      config: 'a.json',
      'broker-local': 'h:1',
    });
    const consensus = [
      '--motor',
      'consenso',
      '--replicas',
      'a:1',
      '--replicas',
      'b:1',
      '--prazo-consenso',
      '900',
    ];
    expect(server(...consensus, '--leitura', 'local').flags).toEqual({
      motor: 'consenso',
      replicas: ['a:1', 'b:1'],
      'prazo-consenso': '900',
      leitura: 'local',
    });
  });
});

describe('switches', () => {
  it.each<[string, string | undefined]>([
    ['--cifra', 'sim'],
    ['--cifra=sim', 'sim'],
    ['--cifra=1', 'sim'],
    ['--cifra=true', 'sim'],
    ['--no-cifra', 'nao'],
    ['--cifra=nao', 'nao'],
    ['--cifra=Não', 'nao'],
    ['--cifra=false', 'nao'],
    ['--host=h', undefined],
  ])('%s', (word, said) => {
    expect(server(word).flags['cifra']).toBe(said);
  });

  it.each(['--cifra=x', '--cifra=', '--tls-exige-cliente=talvez'])(
    '%s is refused as neither yes nor no',
    (word) => {
      expect(() => server(word)).toThrow(/não serve; esperado um destes: sim, nao/);
    },
  );

  it('--no-porta means that there is no port, not that it is "nao"', () => {
    expect(server('--no-porta').flags['porta']).toBeUndefined();
  });

  it('a value of a key that looks like a switch is kept', () => {
    expect(client('-o', 'insere', '-k', 'kkk', '-v=--json=talvez').flags).toMatchObject({
      valor: ['--json=talvez'],
    });
  });
});

describe('a command line that cannot be understood', () => {
  it.each<[string[], string]>([
    [[], 'diga um comando'],
    [['nada'], 'não conheço o comando "nada"'],
    [['cliente', '--nada'], 'não conheço a opção --nada'],
    [['cliente', '-o', 'nada'], '--operacao (-o): não conheço "nada"'],
    [['cliente', '-k'], 'falta o valor da opção k'],
    [['cliente', '-k', '-v', 'x'], 'falta o valor da opção k'],
    [['cliente', '-k', 'a', 'b'], 'operação: não conheço "b"'],
    [['cliente', 'getal', '--chave', 'a'], 'operação: não conheço "getal"'],
    [['cliente', '-o', 'insere', 'get'], 'a operação foi dada duas vezes: -o insere e get'],
    [['cliente', 'get', 'put', '--chave', 'a'], '"put" sobrou'],
    [['cliente', 'get', '--chave'], 'falta o valor da opção chave'],
    [['cliente', 'get', '--chave', '--porta', '1'], 'falta o valor da opção chave'],
    [['servidor', '--replicas'], 'falta o valor da opção replicas'],
    [['servidor', '1', '2'], '"2" sobrou'],
    [['servidor', '--porta'], 'falta o valor da opção porta'],
    [['servidor', '--broker'], 'falta o valor da opção broker'],
    [['chave', '--saida', ''], '--saida: "" não serve; esperado o nome de um arquivo'],
  ])('%j', (words, text) => {
    let thrown: unknown;
    try {
      parseCommandLine(words);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(KvsError);
    expect(thrown).toMatchObject({ code: 'CONFIGURACAO' });
    expect((thrown as KvsError).message).toContain(text);
    expect((thrown as KvsError).message).not.toContain('\n');
  });
});

describe('help and completion', () => {
  const text = (...words: string[]): string => {
    const command = parseCommandLine(words);
    return command.kind === 'text' ? command.text : `not a text: ${command.kind}`;
  };

  it('help is in Portuguese and shows the options', () => {
    expect(text('--help')).toMatch(/Comandos:[\s\S]*servidor[\s\S]*cliente[\s\S]*Opções:/);
    expect(text('cliente', '--help')).toMatch(
      /--operacao[\s\S]*--chave[\s\S]*--valor[\s\S]*--ver[\s\S]*Saída:/,
    );
    expect(text('cliente', '--help')).toMatch(/getrange[\s\S]*Saída:[\s\S]*6 não se sabe/);
    expect(text('servidor', '--ajuda')).toMatch(
      /--porta[\s\S]*--motor[\s\S]*--broker[\s\S]*--replicas[\s\S]*--minimo/,
    );
  });

  it('completion offers commands and operations', () => {
    expect(parseCommandLine(['completion'])).toEqual({ kind: 'completion', shell: undefined });
    expect(parseCommandLine(['completa', 'fish'])).toEqual({ kind: 'completion', shell: 'fish' });
    expect(text('--get-yargs-completions', 'kvs', '')).toContain('servidor');
    expect(text('--get-yargs-completions', 'kvs', 'cliente', '-o', '')).toContain('insere-v');
    expect(text('--get-yargs-completions', 'kvs', 'cliente', '')).toContain('getrange');
  });
});
