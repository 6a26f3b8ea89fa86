import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { endsWithTest } from './children.js';
import { ensureBuilt, root } from './e2e-build.js';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `bin/kvs` to its end, with these KVS_ variables and no others. */
export async function kvs(
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  await ensureBuilt();
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('KVS_'));
  const child = spawn(process.execPath, [join(root, 'bin/kvs'), ...words], {
    env: { ...Object.fromEntries(inherited), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endsWithTest(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code: code ?? -1, stdout, stderr });
    });
  });
}
