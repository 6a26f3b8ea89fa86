import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { KvsError } from '../../core/errors.js';

/** Questions on standard error, answers from standard input: a person at a terminal, or a script. */
export class Keyboard {
  private readonly lines: string[] = [];
  private waiting: ((line: string | undefined) => void) | undefined;
  private over = false;
  private readonly reader: Interface;

  constructor() {
    const { stdin, stderr } = process;
    this.reader = createInterface({ input: stdin, output: stderr, terminal: stdin.isTTY && stderr.isTTY });
    this.reader.on('line', (line) => {
      if (this.waiting === undefined) {
        this.lines.push(line);
        // A script may be long: it is read as it is done.
        this.reader.pause();
      } else this.answer(line);
    });
    this.reader.on('close', () => {
      this.over = true;
      this.answer(undefined);
    });
    this.reader.on('SIGINT', () => {
      this.close();
      process.kill(process.pid, 'SIGINT');
    });
  }

  /** Whether a person is there. */
  get isTerminal(): boolean {
    return process.stdin.isTTY;
  }

  /** Whether nothing more will be answered: every question gets its default. */
  get isOver(): boolean {
    return this.over && this.lines.length === 0;
  }

  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** The line that answers a question; `undefined` at the end of the input. */
  line(prompt: string): Promise<string | undefined> {
    this.reader.setPrompt(prompt);
    this.reader.prompt();
    const line = this.lines.shift();
    if (line !== undefined || this.over) return Promise.resolve(line);
    return new Promise((resolve) => {
      this.waiting = resolve;
      this.reader.resume();
    });
  }

  /**
   * Asks until the answer can be read. An empty one, and the end of the input, mean the default.
   * @param read throws a KvsError that says what is wrong
   */
  async ask<T>(question: string, fallback: string, read: (text: string) => T): Promise<T> {
    for (;;) {
      const line = (await this.line(`${question} [${fallback}]: `))?.trim();
      if (line === undefined || line === '') return read(fallback);
      try {
        return read(line);
      } catch (error) {
        this.say((error as KvsError).message);
      }
    }
  }

  close(): void {
    this.reader.close();
  }

  private answer(line: string | undefined): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(line);
  }
}
