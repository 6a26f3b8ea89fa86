import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { underLock } from './build-lock.js';
import { compile, root } from './e2e-build.js';

const run = promisify(execFile);

/**
 * The commit whose servers, folders and messages today's must get on with: the last one before formats change. Raise
 * it once nobody runs that any more.
 */
export const PREVIOUS_COMMIT = '6795f17ec644e3e176d4c0ead06fc7f3b7adfe4f';

/** Below `node_modules`: so the programs in it find their libraries, and nothing else looks at it. */
const builds = join(root, 'node_modules', '.kvs-previous');

/**
 * Whether that program can be had here: a shallow clone does not hold the commit. It says so, once a test file. In a whole
 * clone a commit that is missing is a failure.
 */
export function previousAvailable(): boolean {
  const git = (...words: string[]): string =>
    spawnSync('git', words, { cwd: root, encoding: 'utf8' }).stdout.trim();
  if (git('cat-file', '-t', PREVIOUS_COMMIT) === 'commit') return true;
  if (git('rev-parse', '--is-shallow-repository') !== 'true') return true;
  process.stderr.write('SKIPPED: tests of mixed versions need a full clone (git fetch --unshallow)\n');
  return false;
}

/**
 * `bin/kvs` of an earlier commit, with the libraries and the compiler of today. Built at the first call and kept; test
 * files that run at once build once.
 * @throws Error where the repository does not hold the commit
 */
export async function previousProgram(commit = PREVIOUS_COMMIT): Promise<string> {
  const folder = join(builds, commit);
  if (!existsSync(folder)) {
    await mkdir(builds, { recursive: true });
    await underLock(`${folder}.lock`, async () => {
      if (!existsSync(folder)) await build(commit, join(`${folder}.lock`, 'tree'), folder);
    });
  }
  return join(folder, 'bin/kvs');
}

/** Builds beside and renames at the end, so that nobody ever runs half a build. */
async function build(commit: string, tree: string, folder: string): Promise<void> {
  await requireCommit(commit);
  // The compiler passes over sources below a `node_modules`: they lie elsewhere while it reads them.
  const sources = await mkdtemp(join(tmpdir(), 'kvs-previous-'));
  try {
    await extract(commit, [], sources);
    await symlink(join(root, 'node_modules'), join(sources, 'node_modules'));
    await mkdir(tree);
    await extract(commit, ['bin', 'proto', 'package.json'], tree);
    // That its types were right then has been checked then; libraries may have changed theirs since.
    await compile(sources, join(tree, 'dist'), ['--noCheck']);
    await rename(tree, folder);
  } finally {
    await rm(sources, { recursive: true, force: true });
  }
}

async function requireCommit(commit: string): Promise<void> {
  try {
    await run('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root });
  } catch (error) {
    throw new Error(
      `commit ${commit} is not in the repository: tests of mixed versions need a full clone (git fetch --unshallow)`,
      { cause: error },
    );
  }
}

/** Unpacks a commit, or of it only what lies under these paths. */
async function extract(commit: string, paths: readonly string[], folder: string): Promise<void> {
  const archive = join(folder, '.archive.tar');
  await run('git', ['archive', '--format=tar', `--output=${archive}`, commit, ...paths], { cwd: root });
  await run('tar', ['-xf', archive, '-C', folder]);
  await rm(archive);
}
