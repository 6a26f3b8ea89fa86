import { execFile } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { serverConfig } from '../../src/config/server-config.js';
import { unknownVariables } from '../../src/config/commands.js';
import type { FleetKeyConfig } from '../../src/config/fleet-key-config.js';
import type { SettingSources } from '../../src/config/settings.js';
import { parseCommandLine } from '../../src/cli/arguments.js';
import { root } from '../support/e2e-build.js';
import { freshKey } from '../support/fleet-keys.js';
import { freePort } from '../support/net.js';
import { launcher, run, start } from './program.js';
import type { Program } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'kvs-chave-'));
const running: Program[] = [];

afterEach(() => {
  for (const { process } of running.splice(0)) process.kill('SIGKILL');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(content: string, mode = 0o600): string {
  const path = join(folder, `chave-${Math.random().toString(36).slice(2)}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** Runs a line of shell in the project's folder, where `$KVS` is the program and `$1` the path. */
function shell(line: string, path: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, KVS: `${process.execPath} ${launcher}` };
    execFile('sh', ['-c', line, 'sh', path], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

function keyOf(sources: Partial<SettingSources>, json?: object): FleetKeyConfig | undefined {
  const given = json && { path: 'f.json', text: JSON.stringify(json) };
  const { engine } = serverConfig({ flags: {}, env: {}, ...sources, file: given });
  if (engine.name !== 'frota') throw new Error(`not a fleet: ${engine.name}`);
  return engine.key;
}

async function serve(words: readonly string[], variables: Record<string, string> = {}): Promise<Program> {
  const local = ['--broker-local', `127.0.0.1:${await freePort()}`];
  const program = start(['servidor', '0', ...local, ...words], variables);
  running.push(program);
  await program.says('servidor pronto');
  return program;
}

describe('the fleet key in the configuration', () => {
  it('comes from a file or from the text of a variable, and nothing changes without it', () => {
    expect(keyOf({})).toBeUndefined();
    expect(keyOf({ flags: { 'chave-frota': 'f', cifra: 'false' } })).toEqual({
      ...{ file: 'f', text: undefined, encrypts: false },
    });
    expect(keyOf({ env: { KVS_CHAVE_FROTA: 'f', KVS_CIFRA: 'sim' } })).toMatchObject({
      ...{ file: 'f', encrypts: true },
    });
    expect(keyOf({}, { 'chave-frota': 'f', cifra: true })).toMatchObject({ file: 'f', encrypts: true });
    expect(keyOf({ env: { KVS_CHAVE_FROTA_TEXTO: ' abc ' } })).toMatchObject({
      file: undefined,
      text: 'abc',
    });
    expect(keyOf({ env: { KVS_CHAVE_FROTA_TEXTO: '' } })).toBeUndefined();
    expect(unknownVariables({ KVS_CHAVE_FROTA_TEXTO: 'x', KVS_CHAVE_FROTA: 'x', KVS_CIFRA: '1' })).toEqual(
      [],
    );
  });

  it.each<[Partial<SettingSources>, object | undefined, string]>([
    [{ flags: { cifra: 'true' } }, undefined, '--cifra precisa da chave da frota'],
    [{ flags: { 'chave-frota': ' ' } }, undefined, '--chave-frota: "" não serve'],
    [
      { flags: { 'chave-frota': 'f' }, env: { KVS_CHAVE_FROTA_TEXTO: 'x' } },
      undefined,
      'foi dada duas vezes',
    ],
    [{ flags: { 'chave-frota': 'f', cifra: 'talvez' } }, undefined, '--cifra: "talvez" não serve'],
    [
      { flags: { 'chave-frota': 'f', motor: 'consenso' } },
      undefined,
      '--chave-frota só vale com --motor frota',
    ],
    [
      { flags: { motor: 'lider' }, env: { KVS_CHAVE_FROTA_TEXTO: 'x' } },
      undefined,
      'KVS_CHAVE_FROTA_TEXTO só vale',
    ],
    [{}, { 'chave-frota-texto': 'x' }, 'opção desconhecida "chave-frota-texto"'],
  ])('refuses %j %j', (sources, json, message) => {
    expect(() => keyOf(sources, json)).toThrow(expect.objectContaining({ code: 'CONFIGURACAO' }));
    expect(() => keyOf(sources, json)).toThrow(message);
  });

  it('is never itself the value of an option', () => {
    expect(() => parseCommandLine(['servidor', '--chave-frota-texto', 'x'])).toThrow(/chave-frota-texto/);
    expect(parseCommandLine(['servidor', '--chave-frota', 'f', '--cifra'])).toMatchObject({
      ...{ kind: 'server', flags: { 'chave-frota': 'f', cifra: 'sim' } },
    });
    expect(parseCommandLine(['servidor', '--no-cifra'])).toMatchObject({ flags: { cifra: 'nao' } });
  });
});

describe('the fleet key in processes', () => {
  it('is written anew by each kvs chave, and accepted by a server', async () => {
    const [one, other] = [await run(['chave']), await run(['chave'])];
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(one.stdout).toMatch(/^[0-9a-f]{64}\n$/);
    expect(other.stdout).not.toBe(one.stdout);
    const program = await serve(['--chave-frota', file(`${one.stdout}${other.stdout}`), '--cifra']);
    expect(program.stdout()).toContain('| mensagens: cifradas');
    expect(program.stderr()).toContain('chave da frota em uso');
    expect(program.stderr()).not.toContain('chmod');
    for (const { stdout } of [one, other]) expect(program.stderr()).not.toContain(stdout.slice(0, 12));
  });

  it('is put by --saida into a new file that only its owner reads, whatever the umask', async () => {
    const path = join(folder, 'nova.chave');
    const made = await shell('umask 0; exec $KVS chave --saida "$1"', path);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const before = readFileSync(path, 'utf8');
    expect(before).toMatch(/^[0-9a-f]{64}\n$/);
    expect(made.stdout).not.toContain(before.slice(0, 12));
    // Nothing that is there is written over, nor followed.
    const again = await run(['chave', '--saida', path]);
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toContain('já existe');
    const link = join(folder, 'elo.chave');
    symlinkSync(join(folder, 'de-outro'), link);
    expect(await run(['chave', '--saida', link])).toMatchObject({ code: 2 });
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it.each(['chave', 'credencial cria ana --papel escrita --prefixo= --arquivo nenhum/c.json'])(
    '%s writes no secret to a file that others can read',
    async (command) => {
      const path = join(folder, `exposta-${command.length}`);
      const told = await shell(`umask 022; exec $KVS ${command} > "$1"`, path);
      expect(told.code).toBe(2);
      expect(told.stderr).toContain('use --saida ARQUIVO');
      expect(readFileSync(path, 'utf8')).toBe('');
    },
  );

  it('is changed in three steps, each atomic and in a file that only its owner reads', async () => {
    const path = join(folder, 'troca.chave');
    await run(['chave', '--saida', path]);
    const old = readFileSync(path, 'utf8');
    const take = async (step: string): Promise<string[]> => {
      const told = await shell(`umask 0; exec $KVS chave ${step} "$1"`, path);
      expect(told).toMatchObject({ code: 0 });
      expect(told.stderr).toContain('kill -HUP');
      expect(statSync(path).mode & 0o777).toBe(0o600);
      return readFileSync(path, 'utf8').split(/(?<=\n)/);
    };
    const [first, second] = await take('acrescenta');
    expect(first).toBe(old);
    expect(second).toMatch(/^[0-9a-f]{64}\n$/);
    expect(await take('troca')).toEqual([second, first]);
    expect(await take('retira')).toEqual([second]);
    // A step that does not fit, and a file that is none, change nothing.
    for (const step of ['troca', 'retira']) {
      const { code, stderr } = await run(['chave', step, path]);
      expect(code).toBe(2);
      expect(stderr).toContain('nada foi mudado');
    }
    const other = file('outra coisa\n');
    expect((await run(['chave', 'acrescenta', other])).stderr).toContain('não é um arquivo de chave');
    expect(readFileSync(other, 'utf8')).toBe('outra coisa\n');
    expect((await run(['chave', 'acrescenta', join(folder, 'nenhuma')])).stderr).toContain('não existe');
    expect(readFileSync(path, 'utf8')).toBe(second);
  });

  it('no document tells the reader to redirect a secret', () => {
    const documents = ['README.md', 'README.pt-BR.md'];
    for (const name of readdirSync(join(root, 'deploy/mosquitto')))
      documents.push(join('deploy/mosquitto', name));
    for (const name of readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.md')) documents.push(join('docs', name));
    }
    const secret = /kvs chave|credencial cria|[.](?:token|chave)\b|broker\.txt|senha/;
    const told = documents.flatMap((name) =>
      readFileSync(join(root, name), 'utf8')
        .split('\n')
        .filter((line) => secret.test(line) && /(?<![-=<])>{1,2} ?[\w./-]+|mosquitto_passwd -c/.test(line))
        .filter((line) => !/umask 077|^>|\| `/.test(line)),
    );
    expect(told).toEqual([]);
  });

  it('is accepted from a variable, and shown nowhere', async () => {
    const key = freshKey();
    const program = await serve([], { KVS_CHAVE_FROTA_TEXTO: key });
    expect(program.stdout()).toContain('| mensagens: autenticadas');
    expect(program.stdout() + program.stderr()).not.toContain(key.slice(0, 12));
  });

  it('causes a warning when others can access the file', async () => {
    const program = await serve(['--chave-frota', file(freshKey(), 0o644)]);
    expect(program.stderr()).toContain('outros usuários alcançam o arquivo da chave da frota; use chmod 600');
  });

  it.each([
    ['senha', 'a chave 1 tem 3 bytes'],
    ['', 'não há chave nenhuma'],
    ['00'.repeat(32), 'a chave 1 é fraca'],
    ['x'.repeat(20_000), 'passa de 16384 bytes'],
  ])(
    'keeps the server from starting when the file has no usable key, with the reason in one line',
    async (content, why) => {
      const { code, stderr, stdout } = await run(['servidor', '0', '--chave-frota', file(content)]);
      expect(code).toBe(2);
      expect(stdout).toBe('');
      const last = stderr.trimEnd().split('\n').at(-1);
      expect(last).toMatch(/^kvs: --chave-frota[: ].*: /);
      expect(last).toContain(why);
    },
  );

  it('keeps the server from starting when the file does not exist', async () => {
    const { code, stderr } = await run(['servidor', '0', '--chave-frota', join(folder, 'nenhum')]);
    expect(code).toBe(2);
    expect(stderr).toContain('não existe');
  });
});
