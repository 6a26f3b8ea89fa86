import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { staticLimits } from '../../src/files/limits.js';
import { readStaticFiles } from '../../src/files/static-files.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kvs-painel-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, content: string | Buffer): Promise<void> =>
  writeFile(join(folder, name), content);

it('files are known by their paths, with their compressed forms', async () => {
  await mkdir(join(folder, 'painel/assets'), { recursive: true });
  await write('index.html', 'página');
  await write('painel/assets/a-1.js', 'código');
  await write('painel/assets/a-1.js.br', 'B');
  await write('painel/assets/a-1.js.gz', 'G');
  const files = await readStaticFiles(folder);
  expect([...files.keys()].sort()).toEqual(['index.html', 'painel/assets/a-1.js']);
  expect(files.get('index.html')).toMatchObject({
    ...{ type: 'text/html; charset=utf-8', content: Buffer.from('página') },
    ...{ brotli: undefined, gzip: undefined },
  });
  expect(files.get('painel/assets/a-1.js')).toMatchObject({
    ...{ type: 'text/javascript; charset=utf-8', content: Buffer.from('código') },
    ...{ brotli: Buffer.from('B'), gzip: Buffer.from('G') },
  });
});

it('what it reads stays as it was, whatever becomes of the folder', async () => {
  await write('index.html', 'antes');
  const files = await readStaticFiles(folder);
  await write('index.html', 'depois');
  expect(files.get('index.html')?.content.toString()).toBe('antes');
  expect((await readStaticFiles(folder)).get('index.html')?.hash).not.toBe(files.get('index.html')?.hash);
});

it('links, hidden sources and whatever a browser has no use for are left out', async () => {
  await write('fora.txt', 'x');
  await write('.env', 'x');
  await write('a.js.map', 'x');
  await write('só-comprimido.js.br', 'x');
  await symlink('/etc/passwd', join(folder, 'senhas.html'));
  await symlink('/etc', join(folder, 'etc'));
  expect((await readStaticFiles(folder)).size).toBe(0);
});

it('a folder that is not there has no files', async () => {
  expect((await readStaticFiles(join(folder, 'nada'))).size).toBe(0);
});

it('a folder of too many or too large files is none of ours', async () => {
  await write('grande.js', Buffer.alloc(staticLimits.bytes));
  expect((await readStaticFiles(folder)).size).toBe(1);
  await write('mais.js', 'x');
  expect((await readStaticFiles(folder)).size).toBe(0);
  await rm(join(folder, 'grande.js'));
  for (let at = 1; at <= staticLimits.files; at++) await write(`${at}.js`, 'x');
  expect((await readStaticFiles(folder)).size).toBe(0);
  await rm(join(folder, 'mais.js'));
  expect((await readStaticFiles(folder)).size).toBe(staticLimits.files);
});
