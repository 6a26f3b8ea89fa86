import { join } from 'node:path';
import { earlierBuild, findCommit } from '../../bench/support/earlier-build.js';

/**
 * Commits whose servers, folders and messages today's must get on with: `previous` is the last one before entries
 * expired and folders of `--dados` had format 3, `oldFormats` the last one before a folder kept request ids and before a
 * store in etcd had a prefix. Raise `previous` as time goes on; `oldFormats` goes once nobody runs that any more. Their
 * servers need `@grpc/reflection` and `grpc-health-check`, which are installed for them alone.
 */
const COMMITS = {
  previous: 'b5e2492e9aaade1d14523b2b0df3ee0b951be31e',
  oldFormats: '6795f17ec644e3e176d4c0ead06fc7f3b7adfe4f',
} as const;

/**
 * Whether those programs can be had here: a shallow clone does not hold the commits. It says so, once a test file. In a
 * whole clone a commit that is missing is a failure.
 */
export async function earlierProgramsAvailable(): Promise<boolean> {
  const found = await Promise.all(Object.values(COMMITS).map(findCommit));
  if (!found.some((commit) => 'missing' in commit && commit.missing === 'shallow')) return true;
  process.stderr.write('SKIPPED: tests of mixed versions need a full clone (git fetch --unshallow)\n');
  return false;
}

/**
 * `bin/kvs` of one of those commits, with the libraries and the compiler of today.
 * @throws Error where the repository does not hold the commit
 */
export async function earlierProgram(which: keyof typeof COMMITS): Promise<string> {
  return join(await earlierBuild(COMMITS[which]), 'bin/kvs');
}
