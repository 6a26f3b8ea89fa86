import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { root } from '../support/e2e-build.js';
import { eventually } from '../support/eventually.js';

// Each case builds a clone, some of them several times.
vi.setConfig({ testTimeout: 120_000 });

const made: string[] = [];
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A clone of the project that has its dependencies and is not built, of two small source files. */
function clone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-clone-'));
  made.push(folder);
  for (const name of [
    'compile.sh',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'tools',
    'bin',
    'LICENSE',
    'proto',
    'node-red',
    'src/core/turns.ts',
    'src/engines/partitions/functions.lua',
    'panel/tsconfig.json',
    'panel/vite.config.ts',
  ]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  mkdirSync(join(folder, 'src/cli'), { recursive: true });
  mkdirSync(join(folder, 'bench'));
  mkdirSync(join(folder, 'src/client/library'), { recursive: true });
  writeFileSync(join(folder, 'src/client/library/index.ts'), "export { built } from '../../cli/main.js';\n");
  writeFileSync(
    join(folder, 'src/cli/main.ts'),
    'export const built = true;\nexport const main = (): Promise<void> => Promise.resolve();\n',
  );
  for (const page of ['index', 'laboratorio']) writeFileSync(join(folder, `panel/${page}.html`), '<p>página');
  mkdirSync(join(folder, 'panel/src'));
  writeFileSync(join(folder, 'panel/src/main.ts'), 'export const shown = true;\n');
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.'))
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  cpSync(join(root, 'package-lock.json'), join(folder, 'node_modules/.kvs-lock'));
  return folder;
}

interface Run {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly code: Promise<number>;
}

/** Runs compile.sh there. */
function compile(folder: string, env: Readonly<Record<string, string>> = {}): Run {
  const child = spawn('bash', ['compile.sh', '--se-preciso'], {
    cwd: folder,
    env: { ...process.env, ...env },
  });
  running.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const code = new Promise<number>((resolve) => {
    child.on('close', (ended) => resolve(ended ?? -1));
  });
  return { child, said: () => said, code };
}

/** A process of nothing, and its number. */
function sleeper(): ChildProcess {
  const child = spawn('sleep', ['100']);
  running.push(child);
  return child;
}

function lockOf(folder: string, owner?: number): string {
  const lock = join(folder, '.compilando');
  mkdirSync(lock);
  if (owner !== undefined) writeFileSync(join(lock, 'pid'), `${owner}\n`);
  return lock;
}

describe('the Node.js that compile.sh asks for', () => {
  /** `compile.sh` where `node` says that it is of this version, and is what it is otherwise. */
  const onVersion = (version: string, folder = clone(), env: Readonly<Record<string, string>> = {}): Run => {
    const fake = `#!/bin/sh\n[ "$1" = -p ] && echo ${version} && exit\nexec ${process.execPath} "$@"\n`;
    writeFileSync(join(folder, 'node'), fake, { mode: 0o755 });
    return compile(folder, { PATH: `${folder}:${process.env['PATH'] ?? ''}`, ...env });
  };

  it.each(['18.20.8', '20.18.3', '21.7.3', '22.11.0'])('%s is too old', async (version) => {
    const { code, said } = onVersion(version);
    expect(await code).toBe(1);
    expect(said()).toBe(
      `compile.sh: o Node.js daqui é o ${version}; para compilar é preciso o 20.19, ou o 22.12 ou mais novo: https://nodejs.org\n`,
    );
  });

  it.each(['20.19.0', '22.12.0', '23.0.0'])('%s will do', async (version) => {
    // It comes as far as the lock, which is not looked at before: what follows takes seconds, and is the same.
    const folder = clone();
    lockOf(folder, sleeper().pid);
    const { code, said } = onVersion(version, folder, { COMPILE_ESPERA_S: '1' });
    expect(await code).toBe(1);
    expect(said()).toContain('compila aqui há mais de 1 s');
  });
});

describe('the lock of compile.sh', () => {
  it('is in the clone: the shared folder does not matter', async () => {
    const folder = clone();
    const { code } = compile(folder, { TMPDIR: join(folder, 'nenhuma') });
    expect(await code).toBe(0);
    for (const file of ['src/cli/main.js', 'comando/kvs.cjs', 'panel/index.html', 'panel/laboratorio.html'])
      expect(existsSync(join(folder, 'dist', file)), file).toBe(true);
    expect(existsSync(join(folder, '.compilando'))).toBe(false);
  });

  it('of a dead process is removed, with or without its name', async () => {
    const dead = sleeper();
    const gone = new Promise((resolve) => dead.once('exit', resolve));
    dead.kill('SIGKILL');
    await gone;
    const [named, nameless] = [clone(), clone()];
    lockOf(named, dead.pid);
    lockOf(nameless);
    const runs = [compile(named), compile(nameless)];
    expect(await Promise.all(runs.map(({ code }) => code))).toEqual([0, 0]);
    for (const folder of [named, nameless]) expect(existsSync(join(folder, '.compilando'))).toBe(false);
  });

  it('a run that waits says for whom, and starts when that one ends', async () => {
    const folder = clone();
    const other = sleeper();
    const lock = lockOf(folder, other.pid);
    const run = compile(folder);
    const waits = `esperando o processo ${String(other.pid)}, que está compilando aqui`;
    await eventually('says what it waits for', () => run.said().includes(waits));
    expect(existsSync(join(folder, 'dist'))).toBe(false);
    rmSync(lock, { recursive: true });
    expect(await run.code).toBe(0);
    expect(run.said()).toContain('pronto.');
  });

  it('nobody waits forever: in the end one line says what to do', async () => {
    const folder = clone();
    const other = sleeper();
    const lock = lockOf(folder, other.pid);
    const run = compile(folder, { COMPILE_ESPERA_S: '1' });
    expect(await run.code).toBe(1);
    expect(run.said()).toContain(`o processo ${String(other.pid)} compila aqui há mais de 1 s`);
    expect(run.said()).toContain(`apague ${lock}`);
    expect(existsSync(lock)).toBe(true);
  });

  it('several at once compile only once', async () => {
    const folder = clone();
    const runs = [compile(folder), compile(folder), compile(folder)];
    expect(await Promise.all(runs.map(({ code }) => code))).toEqual([0, 0, 0]);
    expect(runs.filter((run) => run.said().includes('compilando…'))).toHaveLength(1);
  });
});

describe('without a network', () => {
  it('compile.sh says what it does, and gives up before anyone else does', async () => {
    const folder = clone();
    // Links to the dependencies of this clone: what npm empties must not be theirs.
    rmSync(join(folder, 'node_modules'), { recursive: true });
    cpSync(join(root, '.npmrc'), join(folder, '.npmrc'));
    const { said, code } = compile(folder, {
      npm_config_registry: 'http://127.0.0.1:1',
      npm_config_cache: join(folder, 'cache'),
    });
    await eventually('it says what it does', () =>
      said().includes('instalando as dependências (npm ci): vêm da rede'),
    );
    expect(await code).toBe(1);
    expect(said()).toContain('há rede até o registro do npm?');
  });
});

describe('npm, as this project configures it', () => {
  it('does not run what a package wants to run when it is installed', async () => {
    const install = async (configured: boolean): Promise<boolean> => {
      const folder = mkdtempSync(join(tmpdir(), 'kvs-npm-'));
      made.push(folder);
      const run = join(folder, 'rodou');
      mkdirSync(join(folder, 'pacote'));
      writeFileSync(
        join(folder, 'pacote/package.json'),
        JSON.stringify({ name: 'pacote', version: '1.0.0', scripts: { postinstall: `touch ${run}` } }),
      );
      writeFileSync(
        join(folder, 'package.json'),
        JSON.stringify({ private: true, dependencies: { pacote: 'file:./pacote' } }),
      );
      if (configured) cpSync(join(root, '.npmrc'), join(folder, '.npmrc'));
      // What npm tells the programs that it runs, of which this is one, would count here too.
      const env = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_'));
      const npm = spawn('npm', ['install', '--offline'], { cwd: folder, env: Object.fromEntries(env) });
      running.push(npm);
      expect(await new Promise((resolve) => npm.on('close', resolve))).toBe(0);
      return existsSync(run);
    };
    // What the setting is for: without it, it would have run.
    expect(await install(false)).toBe(true);
    expect(await install(true)).toBe(false);
  });
});
