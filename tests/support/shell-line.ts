import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, root } from './e2e-build.js';

/** Runs a line of bash, in which `kvs` is the program, as people use it. */
export async function bash(line: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  await ensureBuilt();
  const program = `kvs() { '${process.execPath}' '${join(root, 'bin/kvs')}' "$@"; }; ${line}`;
  const child = spawn('bash', ['-o', 'pipefail', '-c', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}
