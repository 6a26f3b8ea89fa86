import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/core/limits.js';
import type { FleetEngine } from '../../src/engines/fleet/engine.js';
import { DataFolder } from '../support/data-folder.js';
import { openStandOn, type Stand } from '../support/doors.js';
import { openLoopbackPair, type FleetPair } from '../support/fleet-pair.js';
import { bash } from '../support/shell-line.js';

describe('what commands read and write', () => {
  let pair: FleetPair;
  let stand: Stand<FleetEngine>;
  let folder: DataFolder;
  let to: string;
  beforeAll(async () => {
    pair = await openLoopbackPair();
    stand = await openStandOn(pair.engine);
    folder = await DataFolder.open();
    to = `-p ${stand.doors.port}`;
    for (const valor of ['um', 'dois']) await stand.client.insere('chave', `${valor} valor`);
  });
  afterAll(async () => {
    await stand.close();
    await pair.close();
    await folder.remove();
  });

  /** It ends with this one line on standard error. */
  const refused = async (line: string, code: number, why: string): Promise<void> => {
    expect(await bash(line), line).toEqual({ code, stdout: '', stderr: `kvs: ${why}\n` });
  };

  it('"-" is standard input and output', async () => {
    const exported = await bash(`kvs exporta - ${to}`);
    expect(exported).toMatchObject({ code: 0, stderr: 'kvs: 2 versões exportadas\n' });
    expect(exported.stdout.split('\n')).toHaveLength(5);
    const copied = await bash(`kvs exporta - ${to} | kvs importa - ${to}`);
    expect(copied.code).toBe(0);
    expect(copied.stderr).toContain('2 versões lidas; importadas: 0, com outro número: 0, já existiam: 2');
    expect((await readdir('.')).filter((name) => name.endsWith('.parcial'))).toEqual([]);
    await refused(
      `kvs exporta '' ${to}`,
      2,
      'exporta: o nome do arquivo está vazio (veja: kvs exporta --help)',
    );
  }, 60_000);

  it('a value comes from standard input unchanged, and "-" can still be written as a value', async () => {
    const value = 'linha "1"\n\n  linha 2\r\n';
    expect(
      (await bash(`printf 'linha "1"\\n\\n  linha 2\\r\\n' | kvs cliente ${to} -o insere -k lida -v -`)).code,
    ).toBe(0);
    expect((await stand.client.consulta('lida')).valor).toBe(value);
    const two = `kvs cliente ${to} -o insere-v -k uma -v - -k outra --valor=-xy < <(printf abc)`;
    expect((await bash(two)).code).toBe(0);
    expect((await stand.client.consulta('uma')).valor).toBe('abc');
    expect((await stand.client.consulta('outra')).valor).toBe('-xy');
    // As it always was, for operations that are named by position.
    expect((await bash(`kvs cliente put ${to} --chave traço --valor - < /dev/null`)).code).toBe(0);
    expect((await stand.client.consulta('traço')).valor).toBe('-');
    const insert = `kvs cliente ${to} -o insere -k nova`;
    await refused(`${insert} -v - < /dev/zero`, 4, `o valor passa de ${limits.valueBytes} bytes`);
    await refused(`printf 'a\\xffb' | ${insert} -v -`, 4, 'o valor não é UTF-8 válido');
    await refused(`${insert} -v - < /`, 2, 'não consegui ler a entrada padrão: é uma pasta');
    const twice = 'só um valor pode vir da entrada padrão (o valor "-" é -v=-)';
    await refused(`${insert} -v - -k outra -v - < /dev/null`, 2, twice);
    expect((await stand.client.consulta('nova')).versao).toBe(0);
  }, 120_000);

  it('what cannot be written or read is reported in one line', async () => {
    const full = await stat('/dev/full').catch(() => undefined);
    const here = folder.path;
    await refused(
      `kvs exporta '${here}' ${to}`,
      2,
      `não consegui escrever ${here}: é uma pasta; diga o nome de um arquivo nela`,
    );
    await refused(`kvs exporta '${here}/sem/x' ${to}`, 2, `não consegui escrever ${here}/sem/x: não existe`);
    await refused(`kvs importa '${here}' ${to}`, 2, `não consegui ler ${here}: é uma pasta`);
    await refused(`kvs importa ${to} < '${here}'`, 2, 'não consegui ler a entrada padrão: é uma pasta');
    if (full?.isCharacterDevice() === true) {
      await refused(`kvs exporta /dev/full ${to}`, 2, 'não consegui escrever /dev/full: o disco está cheio');
      // It is still what it was.
      expect((await stat('/dev/full')).isCharacterDevice()).toBe(true);
      const why = 'não consegui escrever a saída: o disco está cheio';
      await refused(`kvs exporta ${to} > /dev/full`, 1, why);
      await refused(`kvs cliente ${to} -o consulta -k chave > /dev/full`, 1, why);
      await refused('kvs --help > /dev/full', 1, why);
      expect((await bash(`kvs cliente ${to} -o consulta -k nenhuma 2> /dev/full`)).code).toBe(3);
    }
    expect(await readdir(here)).toEqual([]);
  }, 120_000);

  it('a pipe receives an export, which ends quietly when its reader stops', async () => {
    const pipe = join(folder.path, 'cano');
    const through = await bash(
      `mkfifo '${pipe}'; kvs exporta '${pipe}' ${to} & cat '${pipe}'; wait $!; rm '${pipe}'`,
    );
    expect(through.stdout).toContain('"chave":"chave","versao":2');
    const cut = await bash(`set +o pipefail; kvs exporta - ${to} | head -n 1`);
    expect(cut.stdout).toBe('{"formato":1,"tipo":"kvs-versoes"}\n');
    expect(cut.stderr).not.toMatch(/EPIPE|erro/);
  }, 60_000);

  it('a folder that no longer exists, and too few open files, are each reported in one line', async () => {
    const gone = join(folder.path, 'apagada');
    const inside = `mkdir '${gone}'; cd '${gone}'; rmdir '${gone}'`;
    const why = 'kvs: a pasta atual não existe mais; entre em outra com cd\n';
    expect(await bash(`${inside}; kvs cliente ${to} -o consulta -k chave`)).toEqual({
      ...{ code: 2, stdout: '', stderr: why },
    });
    const few = 'kvs: pode abrir arquivos de menos (ulimit -n); são precisos pelo menos 128\n';
    for (const [files, command] of [
      [48, 'servidor 0'],
      [32, `confere ${to} --contrato kvs`],
    ] as const) {
      const ended = await bash(`ulimit -n ${files}; kvs ${command}`);
      expect(ended).toMatchObject({ stdout: '', stderr: few });
      expect(ended.code).not.toBe(0);
    }
    // What clients need is one file, which leaves room for a call.
    const enough = await bash(`ulimit -n 32; kvs cliente ${to} -o consulta -k chave`);
    expect(enough.code).toBe(0);
  }, 120_000);

  it('a Node.js too old for the servers is named in one line', async () => {
    const pretend = join(folder.path, 'antigo.cjs');
    const versions = "{ value: { ...process.versions, node: '20.11.1' } }";
    await writeFile(pretend, `Object.defineProperty(process, 'versions', ${versions});\n`);
    expect(await bash(`NODE_OPTIONS='--require ${pretend}' kvs servidor 0`)).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: 'kvs: o Node.js daqui é o 20.11.1; é preciso o 20.12 ou mais novo: https://nodejs.org\n',
    });
  });

  it('an address may include the port, and port 0 is not that of a server', async () => {
    const { port } = stand.doors;
    const query = '-o consulta -k chave';
    expect((await bash(`kvs cliente --address 127.0.0.1:${port} ${query}`)).code).toBe(0);
    expect((await bash(`KVS_ENDERECO=localhost:${port} kvs cliente ${query}`)).code).toBe(0);
    const twice = '--endereco já diz a porta: tire-a de lá, ou não junte --porta';
    await refused(`kvs cliente --address '[::1]:1' ${to} ${query}`, 2, twice);
    const zero = '--porta: "0" não serve; esperado a porta em que o servidor atende, de 1 a 65535';
    await refused(`kvs cliente --porta 0 ${query}`, 2, zero);
    await refused(
      `kvs cliente --address 127.0.0.1:0 ${query}`,
      2,
      '--endereco: "127.0.0.1:0" não serve; esperado endereço e porta, como 127.0.0.1:9000',
    );
  }, 60_000);
});
