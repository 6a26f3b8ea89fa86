import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeCredentials, readCredentials } from '../../../src/security/access/file.js';
import { createPrivateFile } from '../../../src/files/private-file.js';
import { withCredential, withoutCredential } from '../../../src/security/access/changes.js';
import type { Wanted } from '../../../src/security/access/changes.js';
import { formatCredentials, parseCredentials } from '../../../src/security/access/format.js';
import { parseSubject } from '../../../src/security/access/subject.js';
import { accessLimits } from '../../../src/security/access/limits.js';
import { certificateSubject } from '../../../src/ports/access.js';
import { credential, fileOf, secretOf } from './support.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kvs-access-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const wanted = (name: string, more: Partial<Wanted> = {}): Wanted => ({
  ...{ name, role: 'escrita', prefixes: ['a/'], certificates: [], createdMs: 1_000, expiresMs: undefined },
  ...more,
});

async function add(path: string, name: string, more: Partial<Wanted> = {}): Promise<string | undefined> {
  let token: string | undefined;
  await changeCredentials(path, async (file) => {
    const made = await withCredential(file, wanted(name, more));
    token = made.token;
    return made.file;
  });
  return token;
}

describe('the file', () => {
  it('is made, read, changed, and private', async () => {
    const path = join(folder, 'c.json');
    const token = await add(path, 'maria', { expiresMs: 5_000 });
    await add(path, 'gateway', { role: 'leitura', certificates: [' O = UFU,CN=gw '] });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const { file, isExposed } = await readCredentials(path);
    expect(isExposed).toBe(false);
    expect(
      file.credentials.map(({ name, role, prefixes, certificates, createdMs, expiresMs }) => ({
        name,
        role,
        prefixes,
        certificates,
        createdMs,
        expiresMs,
      })),
    ).toEqual([
      {
        name: 'maria',
        role: 'escrita',
        prefixes: ['a/'],
        certificates: [],
        createdMs: 1_000,
        expiresMs: 5_000,
      },
      {
        name: 'gateway',
        role: 'leitura',
        prefixes: ['a/'],
        certificates: ['CN=gw,O=UFU'],
        createdMs: 1_000,
        expiresMs: undefined,
      },
    ]);
    const text = await readFile(path, 'utf8');
    expect(text).not.toContain(token?.split('.')[1]);
    await changeCredentials(path, (before) => withoutCredential(before, 'maria'));
    expect((await readCredentials(path)).file.credentials.map(({ name }) => name)).toEqual(['gateway']);
    expect(await readdir(folder)).toEqual(['c.json']);
    await chmod(path, 0o640);
    expect((await readCredentials(path)).isExposed).toBe(true);
    await add(path, 'nova');
    expect((await readCredentials(path)).isExposed).toBe(false);
  });

  it('two writers at once: one is told so, and nothing is lost', async () => {
    const path = join(folder, 'c.json');
    const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => add(path, name)));
    const done = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(done).toBeGreaterThan(0);
    expect((await readCredentials(path)).file.credentials).toHaveLength(done);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(String(outcome.reason)).toContain('outro comando está mudando');
    }
    expect(await readdir(folder)).toEqual(['c.json']);
  });

  it('a change that fails leaves it as it was', async () => {
    const path = join(folder, 'c.json');
    await add(path, 'maria');
    const before = await readFile(path);
    await expect(add(path, 'maria')).rejects.toThrow('já há uma credencial maria');
    await expect(changeCredentials(path, (file) => withoutCredential(file, 'x'))).rejects.toThrow(
      'não há credencial "x"',
    );
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(folder)).toEqual(['c.json']);
  });

  it('a link stays a link', async () => {
    await add(join(folder, 'real.json'), 'maria');
    await symlink('real.json', join(folder, 'c.json'));
    await add(join(folder, 'c.json'), 'jose');
    expect((await readCredentials(join(folder, 'real.json'))).file.credentials).toHaveLength(2);
  });

  it('a token goes into a new private file', async () => {
    const path = join(folder, 'token');
    await createPrivateFile(path, 'kvs_x.y\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(createPrivateFile(path, 'other')).rejects.toThrow('já existe');
    expect(await readFile(path, 'utf8')).toBe('kvs_x.y\n');
  });

  it.each([
    ['that is not there', undefined, 'não existe'],
    ['that is empty', '', 'não é JSON válido'],
    ['of garbage', '\0\xff', 'não é JSON válido'],
    ['nested 100,000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'esperado um objeto'],
    [
      'nested 100,000 deep within',
      `{"formato":1,"scrypt":{"n":32768,"r":8,"p":1},"credenciais":[${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}]}`,
      'não é um objeto',
    ],
    ['that is too large', 'x'.repeat(accessLimits.fileBytes + 1), 'passa de'],
  ])('refuses a file %s in one line', async (_what, text, why) => {
    const path = join(folder, 'c.json');
    if (text !== undefined) await writeFile(path, text);
    const error = await readCredentials(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIGURACAO' });
    expect(String(error)).toContain(why);
    expect(String(error)).not.toContain('\n');
    expect(String(error).length).toBeLessThan(300);
  });

  it('refuses a folder and a pipe', async () => {
    await expect(readCredentials(folder)).rejects.toThrow('é uma pasta');
    await expect(readCredentials('/dev/zero')).rejects.toThrow('não é um arquivo');
  });
});

describe('the format', () => {
  async function changed(
    change: (file: Record<string, unknown>, entry: Record<string, unknown>) => void,
  ): Promise<string> {
    const text = formatCredentials(fileOf(await credential('maria', 'escrita', ['a/'])));
    const parsed = JSON.parse(text) as { credenciais: Record<string, unknown>[] };
    change(parsed, parsed.credenciais[0]!);
    return JSON.stringify(parsed);
  }

  it('gives back what it was given', async () => {
    const file = fileOf(
      await credential('maria', 'escrita', ['a/', 'é', '\u{1F600}']),
      await credential('gw', 'leitura', [''], {
        secret: undefined,
        certificates: ['CN=gw'],
        expiresMs: 1_000,
      }),
      await credential('raiz', 'administracao'),
    );
    expect(parseCredentials(formatCredentials(file), 'x')).toEqual(file);
  });

  it.each<[string, (file: Record<string, unknown>, entry: Record<string, unknown>) => void]>([
    ['another format', (file) => (file['formato'] = 2)],
    ['a hash that asks for gigabytes', (file) => (file['scrypt'] = { n: 2 ** 24, r: 8, p: 1 })],
    ['a hash of many passes', (file) => (file['scrypt'] = { n: 2 ** 15, r: 8, p: 1000 })],
    ['a hash that is not slow', (file) => (file['scrypt'] = { n: 2, r: 1, p: 1 })],
    ['a cost that is no power of two', (file) => (file['scrypt'] = { n: 30_000, r: 8, p: 1 })],
    ['no cost', (file) => delete file['scrypt']],
    [
      'too many credentials',
      (file, entry) =>
        (file['credenciais'] = Array.from({ length: accessLimits.credentials + 1 }, () => entry)),
    ],
    ['a name twice', (file, entry) => (file['credenciais'] = [entry, entry])],
    [
      'a certificate twice',
      (file, entry) =>
        (file['credenciais'] = [
          { ...entry, certificados: ['CN=x'] },
          { ...entry, nome: 'b', certificados: ['CN=x'] },
        ]),
    ],
    ['a bad name', (_file, entry) => (entry['nome'] = 'a.b')],
    ['an unknown role', (_file, entry) => (entry['papel'] = 'root')],
    ['a misspelt field', (_file, entry) => (entry['expiras'] = '2020-01-01T00:00:00Z')],
    ['half a character', (_file, entry) => (entry['prefixos'] = ['\ud83d'])],
    ['prefixes that are no texts', (_file, entry) => (entry['prefixos'] = [1])],
    ['a short hash', (_file, entry) => (entry['hash'] = 'AAAA')],
    ['a hash without salt', (_file, entry) => delete entry['sal']],
    ['nothing to show', (_file, entry) => (delete entry['sal'], delete entry['hash'])],
    ['a bad date', (_file, entry) => (entry['expira'] = 'amanhã')],
    ['a bad certificate', (_file, entry) => (entry['certificados'] = ['maria'])],
  ])('refuses %s, and repeats no hash', async (_what, change) => {
    const text = await changed(change);
    const error = (() => {
      try {
        return parseCredentials(text, 'c.json');
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ code: 'CONFIGURACAO' });
    expect(String(error)).toMatch(/^KvsError: c\.json: [^\n]+$/);
    expect(String(error)).not.toContain(secretOf('maria'));
    expect(String(error)).not.toMatch(/[A-Za-z0-9+/]{40}/);
  });
});

describe('subjects of certificates', () => {
  it.each([
    ['CN=maria', { CN: 'maria' }],
    ['O=UFU, CN = maria silva', { CN: 'maria silva', O: 'UFU' }],
    ['cn=a\\,b+OU=x\\=y', { CN: 'a,b', OU: 'x=y' }],
    ['DC=br,DC=ufu', { DC: ['br', 'ufu'] }],
  ])('%s', (text, attributes) => {
    expect(parseSubject(text)).toBe(certificateSubject(attributes));
  });

  it.each(['', 'maria', 'CN=', '=x', 'CN=a=b', 'CN=a,,x', 'CN=a\\', 'x'.repeat(2_000)])(
    '%j is none',
    (text) => {
      expect(parseSubject(text)).toBeUndefined();
    },
  );

  it('attributes cannot be forged into each other', () => {
    expect(certificateSubject({ CN: 'maria,O=UFU' })).not.toBe(certificateSubject({ CN: 'maria', O: 'UFU' }));
    expect(certificateSubject({})).toBe('');
  });
});
