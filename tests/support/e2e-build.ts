import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { underLock } from '../../bench/support/build-lock.js';
import { compile } from '../../bench/support/compile.js';

const run = promisify(execFile);

/** The folder that holds `package.json`. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

const stamp = join(root, 'dist', '.compilado');
const lockFolder = join(root, 'node_modules', '.kvs-test-build');

let built: Promise<void> | undefined;

/**
 * Builds `dist` unless it is newer than all sources, so that tests of real processes never run yesterday's program.
 * Test files that run at once build once: the others wait. Looked at once in a file of tests, which lives in a process of
 * its own: to look at every file before each start of a server is a good part of that start.
 * @throws Error with the compiler's output
 */
export function ensureBuilt(): Promise<void> {
  return (built ??= buildIfOld());
}

async function buildIfOld(): Promise<void> {
  if (await isFresh()) return;
  await underLock(lockFolder, async () => {
    if (!(await isFresh())) await build();
  });
}

async function isFresh(): Promise<boolean> {
  const programs = ['src/cli/main.js', 'comando/kvs.cjs', 'panel/index.html'].map((name) =>
    join(root, 'dist', name),
  );
  if (![stamp, ...programs].every(existsSync)) return false;
  const builtAtMs = statSync(stamp).mtimeMs;
  const files = ['package.json', 'tsconfig.json', 'tsconfig.build.json'];
  for (const folder of ['src', 'node-red', 'panel', 'bench', 'tools']) {
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

/** Builds beside and swaps at the end, so that nobody ever runs half a build. */
async function build(): Promise<void> {
  const fresh = join(lockFolder, 'dist');
  await mkdir(fresh);
  await writeFile(join(fresh, '.compilado'), '');
  await compile(root, fresh);
  for (const tool of [
    'copy-functions.mjs',
    'build-client.mjs',
    'build-command.mjs',
    'build-node-red.mjs',
    'build-panel.mjs',
  ])
    await run(process.execPath, [join(root, 'tools', tool), fresh], { cwd: root });
  const dist = join(root, 'dist');
  if (existsSync(dist)) await rename(dist, join(lockFolder, 'old'));
  await rename(fresh, dist);
}
