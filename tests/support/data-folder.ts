import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A folder for a server's data, which is gone after the test. */
export class DataFolder {
  private constructor(readonly path: string) {}

  static async open(): Promise<DataFolder> {
    return new DataFolder(await mkdtemp(join(tmpdir(), 'kvs-dados-')));
  }

  /** Options that make a server use it. */
  get args(): readonly string[] {
    return ['--dados', this.path];
  }

  /** Cuts bytes off the end of LevelDB's write-ahead log, as a crash of the machine does to what was not synced. */
  async tear(bytes: number): Promise<void> {
    const logs = (await readdir(this.path)).filter((name) => name.endsWith('.log')).sort();
    const last = join(this.path, logs.at(-1)!);
    const { size } = await stat(last);
    await truncate(last, Math.max(0, size - bytes));
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/**
 * Makes every write to a file of a process fail from now on (or lets it succeed again), as a full disk does: needs no
 * privilege and no file system of its own.
 * @param bytes that fit in each file all the same: a write beyond them is taken in part
 */
export async function fillDisk(pid: number, full: boolean, bytes = 0): Promise<void> {
  await run('prlimit', [`--pid=${pid}`, full ? `--fsize=${bytes}:unlimited` : '--fsize=unlimited:unlimited']);
}
