import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodeOptions } from '../../bench/support/program.js';
import { ensureBuilt, root } from '../support/e2e-build.js';
import { kvs } from '../support/kvs-program.js';

const run = promisify(execFile);

/** Says whether Node took the compiled code of the bundle, and which files were loaded until the bundle was. */
const LOOK = `const [loader, file] = process.argv.slice(1);
const { script } = require(loader).load(file);
console.log(JSON.stringify({ rejected: script.cachedDataRejected, files: Object.keys(require.cache) }));`;

describe('the start of a command', () => {
  beforeAll(ensureBuilt, 600_000);

  it('takes the code that was compiled when it was built, and one file', async () => {
    const loader = join(root, 'bin/load-command.js');
    const words = [...nodeOptions(), '-e', LOOK, loader, join(root, 'dist/comando/kvs.cjs')];
    const env = { ...process.env, NODE_OPTIONS: '' };
    const { stdout } = await run(process.execPath, words, { env });
    expect(JSON.parse(stdout)).toEqual({ rejected: false, files: [loader] });
  }, 60_000);

  it('shows errors of a server, which is no part of that file, as its own', async () => {
    const { code, stderr } = await kvs(['servidor', 'abc']);
    expect(stderr).toMatch(/^kvs: --porta: "abc" não serve/);
    expect(code).toBe(2);
  }, 60_000);
});
