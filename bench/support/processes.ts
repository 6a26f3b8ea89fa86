import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { onCore } from './machine.js';

/** Joining a fleet with a million entries included. */
const READY_MS_MAX = 120_000;
const SAID_CHARS = 4_000;

const live = new Set<ChildProcess>();
process.once('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(1));
}

/** Ends every process that was started here. */
export function killAll(): void {
  for (const child of live) child.kill('SIGKILL');
  live.clear();
}

/** A process that runs until it is killed. */
export interface Background {
  readonly pid: number;
  /** The end of what it wrote to standard error so far. */
  readonly said: () => string;
  kill(): Promise<void>;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** The only core that it may use; `undefined`: any. */
  readonly core?: number | undefined;
}

/**
 * Starts a process and waits until a line that it writes begins with `readyLine` (not at all if `undefined`). Either
 * stream may carry it: a server of the leader engine keeps its standard output for the lines of its contract.
 * @throws Error with what it wrote if it ends before, or is not ready in time
 */
export async function startBackground(
  command: Command,
  readyLine: string | undefined,
  readyMsMax = READY_MS_MAX,
): Promise<Background> {
  const [program, args] = onCore(command.core, command.program, command.args);
  const child = spawn(program, args, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  live.add(child);
  const written: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  void ended.then(() => live.delete(child));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        if (readyLine !== undefined && line.startsWith(readyLine)) resolve();
      });
    }
    const late = setTimeout(() => {
      reject(new Error(`${command.program}: not ready within ${readyMsMax} ms:\n${written.join('')}`));
    }, readyMsMax).unref();
    if (readyLine === undefined) child.once('spawn', resolve);
    void ended.then(() => {
      clearTimeout(late);
      reject(new Error(`${command.program} ${command.args.join(' ')} ended:\n${written.join('')}`));
    });
  });
  return {
    pid: child.pid ?? 0,
    said: () => written.join('').slice(-SAID_CHARS),
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

/**
 * Runs a program to its end.
 * @returns its standard output
 * @throws Error with what it wrote unless it exits with 0
 */
export async function run(command: Command): Promise<string> {
  const [program, args] = onCore(command.core, command.program, command.args);
  const child = spawn(program, args, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  live.add(child);
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  live.delete(child);
  if (code !== 0)
    throw new Error(`${command.program} ${command.args.join(' ')} ended with ${String(code)}:\n${errors}`);
  return output;
}

/** A port of 127.0.0.1 that nobody uses now. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ host: '127.0.0.1', port: 0 }, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** Asks again and again, `everyMs` apart, until it gets `true`. @throws Error after `deadlineMs` */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  { everyMs = 5, deadlineMs = 60_000 } = {},
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await pause(everyMs);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Settings of whoever runs this must not change what is measured. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const mine = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('KVS_') && name !== 'NODE_OPTIONS',
  );
  return Object.fromEntries(mine);
}
