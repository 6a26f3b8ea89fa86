import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cliLimits } from '../../src/cli/limits.js';
import { historyPath, keptLine, LineHistory } from '../../src/cli/shell/line-history.js';
import { lineWords, splitLine, typedWord } from '../../src/cli/shell/line-words.js';

describe('words of a line', () => {
  it.each([
    ['', []],
    ['  a  b ', ['a', 'b']],
    ['insere "duas palavras" \'e "aspas"\'', ['insere', 'duas palavras', 'e "aspas"']],
    ['a\\ b "c\\"d\\\\" \'e\\f\'', ['a b', 'c"d\\', 'e\\f']],
    ['"" a"b"c', ['', 'abc']],
    ['$HOME * ~ # `x`', ['$HOME', '*', '~', '#', '`x`']],
    ['a\\', ['a\\']],
  ])('%j', (line, words) => {
    expect(lineWords(line)).toEqual(words);
  });

  it('a quote that is not closed is told, and completed', () => {
    expect(() => lineWords('insere "a')).toThrow('falta fechar as aspas (")');
    expect(splitLine('consulta "duas p')).toEqual({ words: ['consulta', 'duas p'], open: '"', lastAt: 9 });
  });

  it.each(['', 'a', 'a b', '"', "'", '\\', 'a\\b "c" \'d\''])('%j typed as one word is that word', (word) => {
    expect(lineWords(typedWord(word))).toEqual([word]);
  });
});

describe('what of a line is kept on disk', () => {
  it.each([
    ['lista loja/ --so-chaves', 'lista loja/ --so-chaves'],
    ['insere senha s3gredo', 'insere senha '],
    ['insere "minha senha" s3gredo --ttl 5', 'insere "minha senha" '],
    ['insere --ttl 5 senha s3gredo', 'insere'],
    ['compara senha 3 s3gredo', 'compara senha '],
    ['insere', 'insere'],
    [' lista', undefined],
    ['', undefined],
    // Mistyped, or of the program itself: who knows what follows.
    ['inser senha s3gredo', undefined],
    ['kvs insere senha s3gredo', undefined],
    ['insere "senha s3gredo', undefined],
  ])('%j: %j', (line, kept) => {
    expect(keptLine(line)).toBe(kept);
  });

  it('in the folder of the user, private, bounded, and without a trace where it cannot be', async () => {
    expect(historyPath({ XDG_STATE_HOME: '/s' })).toBe('/s/kvs/historico');
    expect(historyPath({ XDG_STATE_HOME: 'relativo' })).toMatch(/\/\.local\/state\/kvs\/historico$/);
    const folder = mkdtempSync(join(tmpdir(), 'kvs-linhas-'));
    try {
      const path = join(folder, 'a', 'b', 'historico');
      const history = await LineHistory.open(path);
      expect(history.read()).toEqual([]);
      history.add('lista');
      history.add('insere a segredo');
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(statSync(join(folder, 'a', 'b')).mode & 0o777).toBe(0o700);
      expect(history.read()).toEqual(['lista', 'insere a ']);
      writeFileSync(
        path,
        Array.from({ length: 3 * cliLimits.historyLines }, (_, at) => `lista ${at}\n`).join(''),
      );
      expect(history.read()).toHaveLength(cliLimits.historyLines);
      expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(cliLimits.historyLines + 1);
      writeFileSync(path, 'x'.repeat(cliLimits.historyBytes + 1));
      expect(history.read()).toEqual([]);
      history.add('lista');
      expect(statSync(path).size).toBe(cliLimits.historyBytes + 1);
      const nowhere = await LineHistory.open(join(path, 'arquivo-no-caminho', 'historico'));
      nowhere.add('lista');
      expect(nowhere.read()).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
