import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder } from '../support/data-folder.js';
import { openStand, type Stand } from '../support/doors.js';
import type { MemoryEngine } from '../support/memory-engine.js';
import { bash } from '../support/shell-line.js';

describe('bytes that are not UTF-8', () => {
  let stand: Stand<MemoryEngine>;
  let folder: DataFolder;
  let to: string;
  beforeAll(async () => {
    stand = await openStand();
    folder = await DataFolder.open();
    to = `-p ${stand.doors.port}`;
  });
  afterAll(async () => {
    await stand.close();
    await folder.remove();
  });

  it.skipIf(process.platform !== 'linux')(
    'are refused in words and variables, while a real U+FFFD is accepted',
    async () => {
      const before = stand.engine.calls;
      const lines: readonly (readonly [string, number, string])[] = [
        [`kvs cliente ${to} -o insere -k chave -v $'a\\xffb'`, 4, 'o que vem com -v não é UTF-8 válido'],
        [`kvs cliente ${to} -o insere -k=$'a\\xffb' -v ab`, 4, 'o que vem com -k não é UTF-8 válido'],
        [`kvs cliente ${to} get --chave a $'b\\xff'`, 4, 'o que vem com --chave não é UTF-8 válido'],
        [`kvs importa $'a\\xff' ${to}`, 2, 'a palavra 2 não é UTF-8 válido'],
        [`KVS_SESSAO=$'a\\xff' kvs cliente ${to} -o consulta -k abc`, 2, 'KVS_SESSAO não é UTF-8 válido'],
      ];
      for (const [line, code, why] of lines) {
        expect(await bash(line), line).toEqual({ code, stdout: '', stderr: `kvs: ${why}\n` });
      }
      expect(stand.engine.calls).toBe(before);
      expect(await bash(`kvs cliente ${to} -o insere -k $'\\uFFFD-chave' -v 'x\uFFFDy'`)).toMatchObject({
        code: 0,
      });
      expect((await stand.client.consulta('\uFFFD-chave')).valor).toBe('x\uFFFDy');
    },
    60_000,
  );

  it('are refused in files and on standard input, with the line number', async () => {
    const before = stand.engine.calls;
    const [file, config] = [join(folder.path, 'copia.jsonl'), join(folder.path, 'kvs.json')];
    const head = '{"formato":1,"tipo":"kvs-versoes"}\n';
    const row = (valor: string): string => `{"chave":"k","versao":1,"ts":5,"valor":"${valor}"}\n`;
    await writeFile(file, Buffer.from(`${head}${row('\xff')}`, 'latin1'));
    expect(await bash(`kvs importa '${file}' ${to}`)).toEqual({
      ...{ code: 2, stdout: '', stderr: 'kvs: linha 2: não é UTF-8 válido\n' },
    });
    await writeFile(file, `${head}${row('\\ud800')}`);
    expect((await bash(`kvs importa - ${to} < '${file}'`)).stderr).toMatch(/^kvs: linha 2: .*meio caractere/);
    expect(await bash(`printf 'PUT a\\xff b\\n' | kvs lider-cliente`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('kvs: linha 1: não é UTF-8 válido') as string,
    });
    await writeFile(config, Buffer.from('{"frota":"a\xff"}', 'latin1'));
    expect(await bash(`kvs servidor --config '${config}'`)).toEqual({
      ...{ code: 2, stdout: '', stderr: `kvs: não consegui ler ${config}: não é texto em UTF-8\n` },
    });
    expect(stand.engine.calls).toBe(before);
  }, 60_000);

  it('byte order marks and carriage returns of other editors make no difference', async () => {
    const rows =
      '\ufeff{"formato":1,"tipo":"kvs-versoes"}\r\n{"chave":"marcada","versao":1,"ts":5,"valor":"\ufeffx"}\r\n';
    const file = join(folder.path, 'marca.jsonl');
    await writeFile(file, `${rows}{"fim":true,"versoes":1}\r\n`);
    expect(await bash(`kvs importa '${file}' ${to}`)).toMatchObject({ code: 0 });
    expect((await stand.client.consulta('marcada')).valor).toBe('\ufeffx');
    const config = join(folder.path, 'marca.json');
    await writeFile(config, '\ufeff{"minimo":"x"}');
    expect((await bash(`kvs servidor --config '${config}'`)).stderr).toMatch(/^kvs: "minimo" em /);
  }, 60_000);

  it('an endless line is ended by one line of error, however much is still to come', async () => {
    const before = stand.engine.calls;
    for (const command of [`importa ${to}`, 'lider-cliente']) {
      const ended = await bash(`kvs ${command} < /dev/zero`);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr).toMatch(/kvs: linha 1: passa de \d+ bytes\n$/);
    }
    expect((await bash('kvs servidor --config /dev/zero')).stderr).toMatch(/passa de \d+ bytes\n$/);
    expect(stand.engine.calls).toBe(before);
  }, 60_000);

  it('the longest possible line passes', async () => {
    // Every byte of key and value as six characters.
    const text = '\x01'.repeat(65_536);
    const file = join(folder.path, 'longa.jsonl');
    const line = JSON.stringify({ chave: text, versao: 2 ** 31 - 1, ts: 8.64e15, valor: text });
    await writeFile(file, `{"formato":1,"tipo":"kvs-versoes"}\n${line}\n{"fim":true,"versoes":1}\n`);
    expect(await bash(`kvs importa '${file}' ${to}`)).toMatchObject({ code: 0 });
    expect((await stand.client.consulta(text)).valor).toBe(text);
  }, 60_000);
});
