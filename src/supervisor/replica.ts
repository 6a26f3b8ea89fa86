import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KvsError } from '../core/errors.js';
import type { ProcessGuard } from './process-guard.js';

interface ReplicaSettings {
  readonly name: string;
  /** Of the list of all replicas, as `replica.sh` takes it. */
  readonly file: string;
  /** Where the data of all replicas lie. */
  readonly folder: string;
  readonly guard: ProcessGuard;
  readonly onEnd: (said: string) => void;
}

/** What is kept of what a replica says, for a message about its end. */
const SAID_CHARS = 2_000;

/** A replica of the consensus engine, as `./replica.sh` starts it. Its data outlive its process. */
export class Replica {
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();

  constructor(private readonly settings: ReplicaSettings) {}

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  /** @throws KvsError CONFIGURACAO */
  start(): void {
    const { name, file, folder, guard, onEnd } = this.settings;
    const words = [name, '--arquivo', file, '--dados', folder];
    const child = spawn(scriptPath(), words, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    guard.watch(child);
    this.child = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SAID_CHARS);
    });
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        if (this.child !== child) return;
        this.child = undefined;
        onEnd(said);
        resolve();
      };
      child.once('error', end);
      child.once('close', end);
    });
  }

  end(signal: NodeJS.Signals): Promise<void> {
    this.child?.kill(signal);
    return this.ended;
  }
}

function scriptPath(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const path = join(folder, 'replica.sh');
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) {
      throw new KvsError('CONFIGURACAO', 'falta o replica.sh, ao lado do programa, para o motor consenso');
    }
  }
}
