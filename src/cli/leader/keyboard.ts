import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { KvsError } from '../../core/errors.js';
import { cliLimits } from '../limits.js';
import { STANDARD_INPUT, standardInput } from '../standard-input.js';
import { textLines } from '../../files/text-lines.js';

/** Source of answers. */
interface Source {
  /** @returns `undefined` at the end */
  line(prompt: string): Promise<string | undefined>;
  close(): void;
}

/** Asks on standard error and reads from standard input, whether from a person at a terminal or from a script. */
export class Keyboard {
  private readonly source: Source = process.stdin.isTTY ? new Terminal() : new Script();
  private over = false;

  /** Whether a person answers. */
  get isTerminal(): boolean {
    return process.stdin.isTTY;
  }

  /** Whether the input has ended: every further question gets its default. */
  get isOver(): boolean {
    return this.over;
  }

  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /**
   * The line that answers a question; `undefined` at the end of the input.
   * @throws KvsError CONFIGURACAO for a line of a script that cannot be read
   */
  async line(prompt: string): Promise<string | undefined> {
    const line = await this.source.line(prompt);
    if (line === undefined) this.over = true;
    return line;
  }

  /**
   * Asks until the answer is valid. An empty answer and the end of the input mean the default.
   * @param read parses the answer, or throws a KvsError that says what is wrong
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
    this.source.close();
  }
}

/** Reads lines one by one on demand, however many there are. */
class Script implements Source {
  private readonly lines = textLines(standardInput(), cliLimits.scriptLineBytes, STANDARD_INPUT);

  async line(prompt: string): Promise<string | undefined> {
    process.stderr.write(prompt);
    const next = await this.lines.next();
    return next.done === true ? undefined : next.value;
  }

  close(): void {
    process.stdin.destroy();
  }
}

/** A person: with line editing, and questions on the same terminal. */
class Terminal implements Source {
  private readonly lines: string[] = [];
  private waiting: ((line: string | undefined) => void) | undefined;
  private over = false;
  private readonly reader: Interface;

  constructor() {
    const { stdin, stderr } = process;
    this.reader = createInterface({ input: stdin, output: stderr, terminal: stderr.isTTY });
    this.reader.on('line', (line) => {
      if (line.includes('\ufffd')) {
        process.stderr.write('isso não é UTF-8 válido; escreva outra vez\n');
        this.reader.prompt();
      } else if (this.waiting === undefined) {
        this.lines.push(line);
        // Much text may be pasted: it is read only as it is processed.
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

  close(): void {
    this.reader.close();
  }

  private answer(line: string | undefined): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(line);
  }
}
