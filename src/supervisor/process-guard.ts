import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Ends the processes that it was told of, and removes the folder, once its standard input ends. */
const SCRIPT = `
trap '' HUP INT TERM
pids=' '
while read -r word pid; do
  case $word in
    mais) pids="$pids$pid " ;;
    menos) pids=$(printf %s "$pids" | sed "s/ $pid / /") ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
rm -rf -- "$1"
`;

/**
 * Sees to it that other programs than ours, and a folder, do not outlive this process, however it ends: ours leave with
 * the pipe to their standard input, etcd and Mosquitto know no such thing.
 */
export class ProcessGuard {
  private readonly ended: Promise<void>;

  private constructor(
    /** For whatever lasts no longer than this process. */
    readonly folder: string,
    private readonly child: ChildProcess,
  ) {
    child.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      child.once('close', () => {
        resolve();
      });
      child.once('error', () => {
        resolve();
      });
    });
  }

  static async start(): Promise<ProcessGuard> {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-laboratorio-'));
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'kvs-laboratorio', folder], {
      ...{ stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' },
    });
    return new ProcessGuard(folder, child);
  }

  /** A process that must not outlive this one, until it has ended. */
  watch(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    this.child.stdin?.write(`mais ${pid}\n`);
    child.once('exit', () => {
      this.child.stdin?.write(`menos ${pid}\n`);
    });
  }

  /** Ends what is left, and removes the folder. */
  async stop(): Promise<void> {
    this.child.stdin?.end();
    await this.ended;
  }
}
