import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './e2e-build.js';

/** The wall clock of a server in a process of its own, which a test sets. */
export class WrongClock {
  private constructor(private readonly folder: string) {}

  static async open(aheadMs: number): Promise<WrongClock> {
    const clock = new WrongClock(await mkdtemp(join(tmpdir(), 'kvs-relogio-')));
    await clock.set(aheadMs);
    return clock;
  }

  /** For the environment of the server. */
  get env(): Readonly<Record<string, string>> {
    const loader = join(root, 'tests/support/wrong-clock.mjs');
    return { NODE_OPTIONS: `--import ${loader}`, WRONG_CLOCK_FILE: this.file };
  }

  async set(aheadMs: number): Promise<void> {
    await writeFile(this.file, String(aheadMs));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  private get file(): string {
    return join(this.folder, 'adiante');
  }
}
