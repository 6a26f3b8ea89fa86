import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds `package.json`. */
export const root = findRoot();

/** What must be pinned runs on core 0, and everything else of a pinned run on core 1. */
export const WRITER_CORE = 0;
export const OTHERS_CORE = 1;

// USER_HZ: what /proc counts in, 100 on every Linux that Node runs on.
const TICKS_PER_SECOND = 100;

/** User and system time that a process (all its threads) has used, in seconds, to 10 ms. Linux only. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in brackets and may hold anything; what follows the last bracket is numbers.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/**
 * The same in microseconds, to the nanosecond where the kernel counts so. Threads that have ended meanwhile are not in
 * it; Node keeps its own. Exact only while the process waits for something. Linux only.
 */
export function cpuMicros(pid: number): number {
  const threads = `/proc/${pid}/task`;
  try {
    const nanos = readdirSync(threads).map((thread) =>
      Number(readFileSync(`${threads}/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return nanos.reduce((sum, each) => sum + each, 0) / 1000;
  } catch {
    return cpuSeconds(pid) * 1e6;
  }
}

/** Path of a program, or `undefined` if it is not installed. */
export function which(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/** Whether processes can be kept on cores of their own. */
export function canPin(): boolean {
  return cpus().length > 1 && which('taskset') !== undefined;
}

/** Command and arguments that run a program on one core, where that can be done. */
export function onCore(
  core: number | undefined,
  command: string,
  args: readonly string[],
): [string, string[]] {
  if (core === undefined || !canPin()) return [command, [...args]];
  return ['taskset', ['-c', String(core), command, ...args]];
}

/** Keeps a running process with all its threads on one core from now on, where that can be done. */
export function moveToCore(core: number, pid: number): void {
  if (canPin()) execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}

/** One line about the machine, for the tables. */
export function machine(): string {
  const list = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${list.length} × ${list[0]?.model.trim() ?? 'unknown processor'}, ${gib} GiB, Linux ${release()}, Node ${process.version}`;
}

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error('package.json not found');
    folder = dirname(folder);
  }
  return folder;
}
