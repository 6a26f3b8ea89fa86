import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from './eventually.js';

const run = promisify(execFile);

/** The folder that holds `package.json`. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

const stamp = join(root, 'dist', '.compilado');
const lockFolder = join(root, 'node_modules', '.kvs-test-build');
const lockFile = join(lockFolder, 'pid');
const BUILD_MS_MAX = 120_000;
const OWNER_MS_MAX = 5_000;

/**
 * Builds `dist` unless it is newer than all sources, so that tests of real processes never run yesterday's program.
 * Test files that run at once build once: the others wait.
 * @throws Error with the compiler's output
 */
export async function ensureBuilt(): Promise<void> {
  if (await isFresh()) return;
  await eventually('the lock of the build', takeLock, BUILD_MS_MAX);
  try {
    if (!(await isFresh())) await build();
  } finally {
    await rm(lockFolder, { recursive: true, force: true });
  }
}

async function isFresh(): Promise<boolean> {
  if (!existsSync(stamp) || !existsSync(join(root, 'dist/src/cli/main.js'))) return false;
  const builtAtMs = statSync(stamp).mtimeMs;
  const files = ['package.json', 'tsconfig.json', 'tsconfig.build.json'];
  for (const folder of ['src', 'bench']) {
    // Folders count too: deleting a file changes the time of its folder.
    const found = await readdir(join(root, folder), { recursive: true }).catch(() => []);
    files.push(folder, ...found.map((name) => join(folder, name)));
  }
  const newer = await Promise.all(
    files.map(async (name) => {
      const file = await stat(join(root, name)).catch(() => undefined);
      return file !== undefined && file.mtimeMs > builtAtMs;
    }),
  );
  return !newer.includes(true);
}

/** Whether this process may build. A lock whose owner is dead is taken away. */
async function takeLock(): Promise<boolean> {
  try {
    await mkdir(lockFolder);
    await writeFile(lockFile, String(process.pid));
    return true;
  } catch {
    if (!(await hasOwner())) await rm(lockFolder, { recursive: true, force: true });
    return false;
  }
}

/** Whether a living process holds the lock. One that has not yet said which is given a moment. */
async function hasOwner(): Promise<boolean> {
  const owner = await readFile(lockFile, 'utf8').catch(() => undefined);
  if (owner !== undefined) return isAlive(Number(owner));
  const made = await stat(lockFolder).catch(() => undefined);
  return made !== undefined && Date.now() - made.mtimeMs < OWNER_MS_MAX;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Builds beside and swaps at the end, so that nobody ever runs half a build. */
async function build(): Promise<void> {
  const fresh = join(lockFolder, 'dist');
  await mkdir(fresh);
  await writeFile(join(fresh, '.compilado'), '');
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  try {
    await run(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', fresh], { cwd: root });
  } catch (error) {
    throw new Error(`the build failed:\n${(error as { stdout?: string }).stdout ?? ''}`, { cause: error });
  }
  const dist = join(root, 'dist');
  if (existsSync(dist)) await rename(dist, join(lockFolder, 'old'));
  await rename(fresh, dist);
}
