import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { supervisorLimits } from './limits.js';
import { tellLogLines } from './log-lines.js';

/** A server that this program starts as a process of its own. */
export interface ServerPlace {
  readonly name: string;
  /** Of its gRPC and HTTP doors. */
  readonly port: number;
  /** The words of its command line; those that let it leave with this process are added. */
  readonly words: readonly string[];
}

interface ProcessListener {
  /** A line of its log, JSON or not. */
  onLog(line: string): void;
  /** It serves. */
  onReady(): void;
  onEnd(how: string): void;
}

const READY = 'servidor pronto';

/** One server: a process that can be killed and started again. */
export class ServerProcess {
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private isReady = false;

  constructor(
    readonly place: ServerPlace,
    private readonly listener: ProcessListener,
  ) {}

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  get process(): number | undefined {
    return this.child?.pid;
  }

  /** For people: what it does now. */
  get condition(): 'parado' | 'entrando' | 'atendendo' {
    if (!this.isRunning) return 'parado';
    return this.isReady ? 'atendendo' : 'entrando';
  }

  start(): void {
    const words = ['servidor', ...this.place.words, '--laboratorio', '--fim-da-entrada'];
    const [program = ''] = process.argv.slice(1);
    // In a group of its own, Ctrl-C at the terminal reaches only this program, which ends them in order. Should it be
    // killed, the pipe to their standard input closes, and they leave.
    const child = spawn(process.execPath, [...process.execArgv, program, ...words], {
      env: cleanEnvironment(process.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.child = child;
    this.isReady = false;
    child.stdin.on('error', () => undefined);
    void tellLogLines(child.stderr, supervisorLimits.logLineBytes, (line) => {
      // Servers whose standard output is a contract's say it here.
      if (!this.noteReady(line)) this.listener.onLog(line);
    });
    void tellLogLines(child.stdout, supervisorLimits.logLineBytes, (line) => {
      this.noteReady(line);
    });
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        if (this.child !== child) return;
        this.child = undefined;
        this.listener.onEnd(how);
        resolve();
      };
      child.once('error', (error) => {
        end(error.message);
      });
      child.once('close', (code, signal) => {
        end(signal === null ? `código ${code ?? ''}` : signal);
      });
    });
  }

  /** Ends its process. @returns once it has ended */
  end(signal: NodeJS.Signals): Promise<void> {
    this.child?.kill(signal);
    return this.ended;
  }

  private noteReady(line: string): boolean {
    if (!line.startsWith(READY)) return false;
    if (!this.isReady) {
      this.isReady = true;
      this.listener.onReady();
    }
    return true;
  }
}

/** Without the options that the environment holds for other servers. */
function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('KVS_') && name !== 'PROGRAMA_KVS'),
  );
}
