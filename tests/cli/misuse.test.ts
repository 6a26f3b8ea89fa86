import { describe, expect, it } from 'vitest';
import { COMMAND_HELP } from '../../src/cli/command-help.js';
import { parseCommandLine } from '../../src/cli/arguments.js';
import { keyRequestOf } from '../../src/cli/operations/request.js';
import { TIMED } from '../../src/cli/operations/timed.js';
import { adminRequestOf } from '../../src/cli/portal/request.js';

describe('suggestions for a mistyped command line', () => {
  const told = (words: readonly string[], script?: string): string => {
    try {
      parseCommandLine(words, script);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  it.each([
    [['cliente', 'inserir', '-k', 'a', '-v', 'b'], 'não conheço "inserir"; quis dizer -o insere?'],
    [['cliente', '-o', 'inserir'], 'não conheço "inserir"; quis dizer -o insere?'],
    [['cliente', '-o', 'insert'], 'quis dizer -o insere?'],
    [['cliente', '-o', 'consultar'], 'quis dizer -o consulta?'],
    [['cliente', 'insere', '-k', 'a'], 'quis dizer -o insere?'],
    [['cliente', '-o', 'get'], 'quis dizer get, sem -o?'],
    [['cliente', 'gte', '--chave', 'a'], 'quis dizer get, sem -o?'],
    [['cliente', '-o', 'xyzzy'], 'com -o há insere, consulta, '],
    [['cliente', '-o', 'insere', '--key', 'a'], 'não conheço a opção --key; quis dizer --chave?'],
    [['cliente', '--timeout=3', '-o', 'snapshot'], 'não conheço a opção --timeout; quis dizer --prazo?'],
    [['cliente', '-o', 'remove', '-k', 'a', '--yes'], 'não conheço a opção --yes; quis dizer --sim?'],
    [['cliente', '-x'], 'não conheço a opção -x (veja'],
    [['servidor', '--brocker', 'x'], 'quis dizer --broker?'],
    [['servidor', '9000', '9001'], '"9001" sobrou'],
    [['servdor'], 'não conheço o comando "servdor"; quis dizer servidor?'],
    [['server', '9000'], 'quis dizer servidor?'],
    [
      ['insere', '-k', 'a'],
      'não conheço a opção -k: chave e valor vêm sem opção, como em kvs insere CHAVE VALOR',
    ],
    [['insere', '--valor=a'], 'não conheço a opção --valor: chave e valor vêm sem opção'],
    [['insere', 'a', 'um', 'valor', '--json'], 'um valor com espaços vai entre aspas: insere a "um valor"'],
    [['insere-v', '-k', 'a'], 'quis dizer cliente -o insere-v?'],
    [['get', '--chave', 'a'], 'quis dizer cliente get?'],
    [['watch', 'a'], 'quis dizer observa?'],
    [['ls'], 'quis dizer lista?'],
    [['historcio', 'a'], 'quis dizer historico?'],
    [['lista', '--prefix=a'], 'não conheço a opção --prefix'],
    [['lista', '--limit=a'], 'quis dizer --limite?'],
    [['historico'], 'historico: falta a chave, como em: kvs historico nome'],
    [['historico', 'a', 'b'], '"b" sobrou'],
    [['compara', 'a'], 'compara: falta a versão que deve ser a última (0: a chave não existe)'],
    [['expira', 'a'], 'expira: falta em quantos segundos expira (0: nunca)'],
    [['observa', '--inicio', 'ontem'], 'inicio: não conheço "ontem"; esperado um destes: agora, tudo'],
    [['observa', '--desde'], 'falta o valor da opção desde'],
    [['completa', 'tcsh'], 'não conheço "tcsh"'],
    [['--verson'], 'não conheço a opção --verson'],
    [['xyzzy'], 'diga um comando: insere, consulta, '],
    [['admin', '--base', 'alunos'], '--base: não conheço "alunos"; quis dizer aluno?'],
    [['matricula', '--op', 'add_alun'], 'quis dizer add_aluno?'],
    [['credencial', 'cira', 'ana'], 'quis dizer cria?'],
  ])('%j', (words, text) => {
    expect(told(words)).toContain(text);
  });

  it('ask for quotes around a value with spaces', () => {
    const hint = '"Silva" sobrou: um valor com espaços vai entre aspas: -v "Maria Silva"';
    expect(told(['cliente', '-o', 'insere', '-k', 'a', '-v', 'Maria', 'Silva'])).toContain(hint);
    expect(told(['cliente', '-v=Maria', 'Silva', '-o', 'insere', '-k', 'a'])).toContain(hint);
    const words = ['cliente', 'put', '--chave', 'a', '--valor', 'Maria', 'Silva'];
    const command = parseCommandLine(words);
    const flags = command.kind === 'client' ? command.flags : {};
    expect(() => keyRequestOf(TIMED.put, flags)).toThrow('entre aspas: --valor "Maria Silva"');
    const record = { base: 'aluno', op: 'create', key: ['1'], val: ['Maria', 'Silva'] };
    expect(() => adminRequestOf(record)).toThrow('entre aspas: --val "Maria Silva"');
  });

  it.each([
    [
      ['insere', 'a', '--', '-10', '-p', '9000'],
      '"-p" sobrou: depois de -- nada é opção; opções vão antes dele',
    ],
    [['insere', 'a', '--', '-10', '-'], '"-" sobrou: depois de -- nada é opção'],
    [['insere', 'a', 'b', '-'], '"-" sobrou'],
    [['lista', 'a', '-'], '"-" sobrou'],
    [['lista', '--prefixo', 'al'], '--prefixo: o prefixo vem sem opção, como em kvs lista casa/'],
    [['conta', '--prefixo=al'], '--prefixo: o prefixo vem sem opção, como em kvs conta casa/'],
  ])('%j: %s', (words, text) => {
    expect(told(words)).toContain(text);
    expect(told(words)).not.toContain('\0');
  });

  it('point to the help of the command, or of the script that called it', () => {
    expect(told(['cliente', '-x'])).toMatch(/\(veja: kvs cliente --help\)$/);
    expect(told(['servdor'])).toMatch(/\(veja: kvs --help\)$/);
    expect(told(['cliente', '-x'], './client.sh')).toMatch(/\(veja: \.\/client\.sh --help\)$/);
  });
});

describe('help', () => {
  const textOf = (...words: string[]): string => {
    const command = parseCommandLine(words);
    return command.kind === 'text' ? command.text : '';
  };

  it.each(['help', 'ajuda', '--help'])('of a command follows %s', (word) => {
    expect(textOf(word)).toContain('kvs <comando>');
    expect(textOf(word, 'lista')).toBe(textOf('lista', '--help'));
    expect(textOf(word, 'lista')).toContain('kvs lista [PREFIXO]');
  });

  it.each([
    [['insere', 'nome', 'ajuda'], { CHAVE: 'nome', VALOR: 'ajuda' }],
    [['insere', 'help', 'help', '-q'], { CHAVE: 'help', VALOR: 'help' }],
    [['consulta', 'ajuda', '-p', '9000'], { CHAVE: 'ajuda' }],
    [['lista', '--so-chaves', 'help'], { PREFIXO: 'help' }],
  ])('is not what %j asks for', (words, given) => {
    expect(parseCommandLine(words)).toMatchObject({ kind: 'store', given });
  });

  it.each([
    [['exporta', 'ajuda'], { kind: 'copy', direction: 'exporta', file: 'ajuda' }],
    [['importa', 'help', '-p', '9000'], { kind: 'copy', direction: 'importa', file: 'help' }],
    [['corrige', 'sessao', 'ajuda'], { kind: 'correction', first: 'sessao', second: 'ajuda' }],
  ])('is not what %j asks for, which names a file', (words, command) => {
    expect(parseCommandLine(words)).toMatchObject(command);
  });

  it('is not the value of an option either', () => {
    const words = ['insere', 'nome', '--arquivo', 'ajuda'];
    expect(parseCommandLine(words)).toMatchObject({ flags: { arquivo: 'ajuda' } });
  });
});

describe('help in a terminal', () => {
  it('has each closing paragraph on a single line, which the terminal width wraps', () => {
    const lines = Object.values(COMMAND_HELP).flatMap(({ epilogue }) => epilogue);
    expect(lines.filter((line) => !/^\p{L}[^\n]*\.$/u.test(line))).toEqual([]);
  });

  it.each([
    ...[[], ['cliente'], ['servidor'], ['admin'], ['matricula'], ['exporta'], ['importa'], ['chave']],
    ...[['lider-cliente'], ['lider-servidor'], ['credencial'], ['certificados']],
  ])('%j: no word is cut at 80 columns', (...words) => {
    const helpAt = (columns?: number): string => {
      const command = parseCommandLine([...words, '--help'], undefined, columns);
      return command.kind === 'text' ? command.text : '';
    };
    const narrow = helpAt(80);
    expect(narrow.split(/\s+/)).toEqual(helpAt().split(/\s+/));
    expect(narrow.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});
