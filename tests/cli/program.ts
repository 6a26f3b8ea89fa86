import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, root } from '../support/e2e-build.js';

/** What people start: straight from the sources each start would take four times as long. */
export const launcher = join(root, 'bin/kvs');
// Whoever imports this starts it, and not always where one can wait.
await ensureBuilt();

/** The program, running. */
export interface Program {
  readonly process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The exit code; -1 if a signal ended it. */
  readonly exit: Promise<number>;
  /** Resolves when standard output holds `text`; rejects if the program ends before. */
  says(text: string): Promise<void>;
}

/** Starts `kvs …words` with these KVS_ variables and no others. */
export function start(words: readonly string[], variables: Readonly<Record<string, string>> = {}): Program {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('KVS_') && name !== 'FORCE_COLOR',
  );
  const child = spawn(process.execPath, [launcher, ...words], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const checks = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const check of checks) check();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exit = new Promise<number>((resolve) => {
    child.on('close', (code) => {
      resolve(code ?? -1);
    });
  });
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (!stdout.includes(text)) return;
        checks.delete(check);
        resolve();
      };
      checks.add(check);
      check();
      void exit.then((code) => {
        reject(new Error(`ended with ${code} before it said "${text}": ${stderr}`));
      });
    });
  return { process: child, stdout: () => stdout, stderr: () => stderr, exit, says };
}

/** Runs `kvs …words` to its end. */
export async function run(
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = start(words, variables);
  const code = await program.exit;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}
