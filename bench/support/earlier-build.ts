/** Builds of earlier commits, kept below `node_modules`: mixed fleets are tested with them, and speed is compared. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { underLock } from './build-lock.js';
import { compile } from './compile.js';
import { root } from './machine.js';

const run = promisify(execFile);

/** Below `node_modules`: so the programs in it find their libraries, and nothing else looks at it. */
const builds = join(root, 'node_modules', '.kvs-previous');

/**
 * The libraries that a build runs with: those that are installed here, or those of its own lock file (which needs a
 * registry where the lock file is another one than today's).
 */
export type Libraries = 'installed' | 'locked';

/** A commit of the repository, as it was found. */
export type FoundCommit = { readonly hash: string } | { readonly missing: 'shallow' | 'unknown' };

/** Looks a commit up by anything that names one: a hash, the beginning of one, a branch, `HEAD~3`. */
export async function findCommit(revision: string): Promise<FoundCommit> {
  try {
    return {
      hash: await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`),
    };
  } catch {
    const shallow = await git('rev-parse', '--is-shallow-repository').catch(() => 'unknown');
    return { missing: shallow === 'true' ? 'shallow' : 'unknown' };
  }
}

/**
 * The folder of a commit's program (`bin/kvs` and what it needs), compiled by today's compiler. It is built at the
 * first call and kept; processes that call this at once build once.
 * @throws Error where the repository does not hold the commit, or it does not build
 */
export async function earlierBuild(revision: string, libraries: Libraries = 'installed'): Promise<string> {
  const commit = await findCommit(revision);
  if ('missing' in commit) throw new Error(missing(revision, commit.missing));
  const { hash } = commit;
  const own = libraries === 'locked' && !(await hasLockOfToday(hash));
  const folder = join(builds, own ? `${hash}-locked` : hash);
  if (!existsSync(folder)) {
    await mkdir(builds, { recursive: true });
    await underLock(`${folder}.lock`, async () => {
      if (!existsSync(folder)) await build(hash, own, join(`${folder}.lock`, 'tree'), folder);
    });
  }
  return folder;
}

function missing(revision: string, reason: 'shallow' | 'unknown'): string {
  return reason === 'shallow'
    ? `commit ${revision} is not in this shallow clone (git fetch --unshallow brings the others)`
    : `commit ${revision} is not in the repository`;
}

async function hasLockOfToday(hash: string): Promise<boolean> {
  const { stdout } = await run('git', ['show', `${hash}:package-lock.json`], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout === (await readFile(join(root, 'package-lock.json'), 'utf8'));
}

/** Builds beside and renames at the end, so that nobody ever runs half a build. */
async function build(hash: string, ownLibraries: boolean, tree: string, folder: string): Promise<void> {
  // The compiler passes over sources below a `node_modules`: they lie elsewhere while it reads them.
  const sources = await mkdtemp(join(tmpdir(), 'kvs-previous-'));
  try {
    await extract(hash, [], sources);
    await symlink(join(root, 'node_modules'), join(sources, 'node_modules'));
    await mkdir(tree);
    await extract(hash, ['bin', 'proto', 'package.json', 'package-lock.json'], tree);
    // Its types were checked when it was today's; libraries may have changed theirs since.
    await compile(sources, join(tree, 'dist'), ['--noCheck']);
    // What the compiler leaves behind. Older commits have nothing of the kind.
    const copies = join(sources, 'tools/copy-functions.mjs');
    if (existsSync(copies)) await run(process.execPath, [copies, join(tree, 'dist')]);
    if (ownLibraries) await run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund'], { cwd: tree });
    await rename(tree, folder);
  } finally {
    await rm(sources, { recursive: true, force: true });
  }
}

/** Unpacks a commit, or of it only what lies under these paths. */
async function extract(hash: string, paths: readonly string[], folder: string): Promise<void> {
  const archive = join(folder, '.archive.tar');
  await git('archive', '--format=tar', `--output=${archive}`, hash, ...paths);
  await run('tar', ['-xf', archive, '-C', folder]);
  await rm(archive);
}

async function git(...words: string[]): Promise<string> {
  return (await run('git', words, { cwd: root })).stdout.trim();
}
