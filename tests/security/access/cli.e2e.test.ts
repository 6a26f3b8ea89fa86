import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runAccess } from '../../../src/cli/access/command.js';
import { parseCommandLine } from '../../../src/cli/arguments.js';
import { tokenOf } from '../../../src/cli/credential.js';
import { CREDENTIAL_OPTIONS } from '../../../src/config/client-options.js';
import { Settings } from '../../../src/config/settings.js';
import { kvs as program } from '../../support/kvs-program.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kvs-access-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs `kvs credencial …` here: what it wrote, or its error. */
async function kvs(...words: readonly string[]): Promise<{ out: string; notes: string }> {
  const [out, notes]: [string[], string[]] = [[], []];
  const output = {
    colors: false,
    line: (text: string) => void out.push(text),
    error: (text: string) => void notes.push(text),
  };
  try {
    const command = parseCommandLine(['credencial', ...words]);
    if (command.kind !== 'access') throw new Error(command.kind);
    const env = { KVS_CREDENCIAIS: join(folder, 'c.json') };
    await runAccess(command.action, command.name, command.flags, env, output);
  } catch (error) {
    notes.push((error as Error).message);
  }
  return { out: out.join('\n'), notes: notes.join('\n') };
}

describe('kvs credencial', () => {
  it('creates, shows and revokes; the token once, hashes never', async () => {
    const made = await kvs('cria', 'maria', '--papel', 'escrita', '--prefixo', 'a/', '--prefixo', 'b/');
    expect(made.out).toMatch(/^kvs_maria\.[A-Za-z0-9_-]{43}$/);
    expect(made.notes).toContain('kill -HUP');
    const saved = await kvs(
      'cria',
      'jose',
      '--papel',
      'leitura',
      '--prefixo=',
      '--validade',
      '30',
      '--saida',
      join(folder, 't'),
    );
    const token = (await readFile(join(folder, 't'), 'utf8')).trim();
    expect(token).toMatch(/^kvs_jose\./);
    expect(saved.out + saved.notes).not.toContain(token.split('.')[1]);
    expect((await stat(join(folder, 't'))).mode & 0o777).toBe(0o600);
    await kvs('cria', 'gw', '--papel', 'leitura', '--prefixo', 'x', '--certificado', 'O=UFU,CN=gw');
    const { out } = await kvs('lista');
    for (const text of ['maria', '"a/" "b/"', 'jose', 'todos', 'CN=gw,O=UFU', '3 credenciais'])
      expect(out).toContain(text);
    const lines = (await kvs('lista', '--json')).out.split('\n').map((line) => JSON.parse(line) as object);
    expect(Object.keys(lines[1] ?? {})).toEqual([
      'nome',
      'papel',
      'prefixos',
      'certificados',
      'criada',
      'expira',
    ]);
    expect((await kvs('revoga', 'maria')).notes).toContain('kill -HUP');
    expect((await kvs('lista')).out).not.toContain('maria');
  });

  it.each<[readonly string[], string]>([
    [['cria'], 'diga o papel'],
    [['cria', '--papel', 'leitura'], 'falta o nome'],
    [['cria', 'a b', '--papel', 'leitura', '--prefixo='], 'o nome "a b" não serve'],
    [['cria', 'x', '--papel', 'root'], 'papel'],
    [['cria', 'x', '--papel', 'leitura'], 'precisa de --prefixo'],
    [['cria', 'x', '--papel', 'administracao', '--prefixo', 'a'], 'não use --prefixo'],
    [['cria', 'x', '--papel', 'servidor', '--prefixo', 'a'], 'não use --prefixo'],
    [['cria', 'x', '--papel', 'leitura', '--prefixo=', '--validade', '0'], 'um número de dias'],
    [['cria', 'x', '--papel', 'leitura', '--prefixo=', '--certificado', 'maria'], '"CN=maria,O=UFU"'],
    [
      ['cria', 'x', '--papel', 'leitura', '--prefixo=', '--certificado', 'CN=x', '--saida', 'y'],
      'não use --saida',
    ],
    [['cria', 'x', '--papel', 'leitura', '--prefixo=', '--saida', '/nao/existe'], 'não consegui escrever'],
    [['lista'], 'não existe'],
    [['revoga'], 'falta o nome'],
    [['revoga', 'x'], 'não há credencial "x"'],
    [['muda', 'x'], 'ACAO'],
    [[], 'diga o que fazer'],
  ])('%j: one line', async (words, text) => {
    const { out, notes } = await kvs(...words);
    expect(out).toBe('');
    expect(notes).toContain(text);
    expect(notes).not.toContain('\n');
    // Nothing is left behind, not even a lock.
    expect((await kvs('cria', 'depois', '--papel', 'administracao')).out).toContain('kvs_depois.');
    expect((await kvs('lista')).out).toContain('1 credencial');
  });

  it('a token file that is there already is left alone, and nothing is created', async () => {
    await writeFile(join(folder, 't'), 'outro');
    const { notes } = await kvs('cria', 'x', '--papel', 'administracao', '--saida', join(folder, 't'));
    expect(notes).toContain('já existe');
    expect(await readFile(join(folder, 't'), 'utf8')).toBe('outro');
    expect((await kvs('lista')).notes).toContain('não existe');
  });
});

describe('the token of a client', () => {
  const token = `kvs_maria.${'A'.repeat(43)}`;
  const told = (file: string | undefined, env: Readonly<Record<string, string>> = {}) => {
    const sources = { flags: { credencial: file }, env, file: undefined };
    const settings = new Settings(CREDENTIAL_OPTIONS, sources);
    return tokenOf(settings.given('credencial'), settings.given('token'));
  };

  it('comes from a file, or from a variable', async () => {
    const path = join(folder, 'kvs_maria.token');
    await writeFile(path, `${token}\r\nmais\n`);
    expect(told(path, { KVS_TOKEN: 'x' })).toBe(token);
    expect(told(undefined, { KVS_TOKEN: ` ${token}\n` })).toBe(token);
    expect(told(undefined, { KVS_TOKEN: ' ' })).toBeUndefined();
    expect(told(undefined, {})).toBeUndefined();
  });

  it('is never taken from the command line, nor repeated', async () => {
    const path = join(folder, 't');
    const wrong: (() => unknown)[] = [];
    for (const text of [token, `Bearer ${token}`, ` ${token}`, token.toUpperCase(), `--${token}`]) {
      wrong.push(() => told(text, {}));
    }
    for (const content of [
      '',
      'segredo',
      `${token} segredo`,
      `kvs_maria.segrédo`,
      `kvs_maria.${'A'.repeat(10_000)}`,
    ]) {
      await writeFile(path, content);
      wrong.push(
        () => told(path, {}),
        () => told(undefined, { KVS_TOKEN: content || 'x' }),
      );
      for (const call of wrong) {
        expect(call).toThrow(expect.objectContaining({ code: 'CONFIGURACAO' }) as Error);
        expect(call).not.toThrow(/sig[ií]l|AAAA/i);
      }
    }
    expect(() => told(folder, {})).toThrow('é uma pasta');
    expect(() => told(join(folder, 'nada'), {})).toThrow('não existe');
  });

  it.each([
    ['cliente', token],
    [token],
    ['servidor', '--credenciais', token],
    ['servidor', '--broker-credenciais', token],
    ['servidor', token],
    ['credencial', 'revoga', token, '--arquivo', 'c.json'],
  ])('is not repeated where none belongs: %s %s', async (...words) => {
    const { code, stdout, stderr } = await program(words);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^kvs: .*kvs_maria\./m);
    expect(stdout + stderr).not.toContain('AAAA');
  });
});
