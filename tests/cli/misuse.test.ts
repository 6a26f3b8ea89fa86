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
    [['insere', '-k', 'a'], 'quis dizer cliente -o insere?'],
    [['xyzzy'], 'diga um comando: servidor, cliente, '],
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

  it('point to the help of the command, or of the script that called it', () => {
    expect(told(['cliente', '-x'])).toMatch(/\(veja: kvs cliente --help\)$/);
    expect(told(['servdor'])).toMatch(/\(veja: kvs --help\)$/);
    expect(told(['cliente', '-x'], './client.sh')).toMatch(/\(veja: \.\/client\.sh --help\)$/);
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
