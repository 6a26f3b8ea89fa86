import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { serverConfig, unknownVariables } from '../../src/app/config.js';
import type { FleetKeyConfig } from '../../src/app/fleet-key-config.js';
import type { SettingSources } from '../../src/app/settings.js';
import { parseCommandLine } from '../../src/cli/arguments.js';
import { freshKey } from '../support/fleet-keys.js';
import { freePort, run, start } from './program.js';
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

describe('a chave da frota na configuração', () => {
  it('vem de um arquivo ou do texto de uma variável, e sem ela nada muda', () => {
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
  ])('recusa %j %j', (sources, json, message) => {
    expect(() => keyOf(sources, json)).toThrow(expect.objectContaining({ code: 'CONFIGURACAO' }));
    expect(() => keyOf(sources, json)).toThrow(message);
  });

  it('não há opção que leve a própria chave', () => {
    expect(() => parseCommandLine(['servidor', '--chave-frota-texto', 'x'])).toThrow(/chave-frota-texto/);
    expect(parseCommandLine(['servidor', '--chave-frota', 'f', '--cifra'])).toMatchObject({
      ...{ kind: 'server', flags: { 'chave-frota': 'f', cifra: 'true' } },
    });
    expect(parseCommandLine(['servidor', '--no-cifra'])).toMatchObject({ flags: { cifra: 'false' } });
  });
});

describe('a chave da frota nos processos', () => {
  it('kvs chave escreve uma chave nova a cada vez, que um servidor aceita', async () => {
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

  it('uma chave na variável serve, e não aparece em lugar nenhum', async () => {
    const key = freshKey();
    const program = await serve([], { KVS_CHAVE_FROTA_TEXTO: key });
    expect(program.stdout()).toContain('| mensagens: autenticadas');
    expect(program.stdout() + program.stderr()).not.toContain(key.slice(0, 12));
  });

  it('avisa quando outros alcançam o arquivo', async () => {
    const program = await serve(['--chave-frota', file(freshKey(), 0o644)]);
    expect(program.stderr()).toContain('outros usuários alcançam o arquivo da chave da frota; use chmod 600');
  });

  it.each([
    ['senha', 'a chave 1 tem 3 bytes'],
    ['', 'não há chave nenhuma'],
    ['00'.repeat(32), 'a chave 1 é fraca'],
    ['x'.repeat(20_000), 'não consegui ler o arquivo'],
  ])('não começa com um arquivo sem chave que sirva, e diz por quê numa linha', async (content, why) => {
    const { code, stderr, stdout } = await run(['servidor', '0', '--chave-frota', file(content)]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    const last = stderr.trimEnd().split('\n').at(-1);
    expect(last).toMatch(/^kvs: --chave-frota .*: /);
    expect(last).toContain(why);
  });

  it('nem com um arquivo que não existe', async () => {
    const { code, stderr } = await run(['servidor', '0', '--chave-frota', join(folder, 'nenhum')]);
    expect(code).toBe(2);
    expect(stderr).toContain('não consegui ler o arquivo');
  });
});
