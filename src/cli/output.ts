import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import { reasonOf } from '../files/small-file.js';
import { EXIT } from './exit.js';
import { visible } from './rendering/visible.js';

/** The output streams of a command. */
export interface Output {
  /** Whether standard output is a terminal that shows colours. */
  readonly colors: boolean;
  /** Writes a line on standard output. A returned promise asks to wait for a slow reader. */
  line(text: string): Promise<void> | undefined;
  /** Writes one line on standard error, with the name of the program. */
  readonly error: (message: string) => void;
  /** The answer of the person at the terminal; empty if none comes. Absent if there is no terminal. */
  readonly ask?: (question: string) => Promise<string>;
}

/** A misplaced token in an error message: readers of the log need not see it. */
const TOKEN = /(kvs_[\w-]{1,64}\.)[\w-]{43}/gi;

/**
 * The standard streams of this process. If the reader goes away (`| head`), the command ends quietly; any other error
 * on standard output ends it with a one-line message.
 */
export function standardOutput(): Output {
  const { stdout, stderr } = process;
  // Nobody is left to tell.
  stderr.on('error', () => undefined);
  let watched = false;
  const watch = (): void => {
    if (watched) return;
    watched = true;
    stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit();
      stderr.write(`kvs: não consegui escrever a saída: ${reasonOf(error)}\n`);
      process.exit(EXIT.failure);
    });
  };
  return {
    // Not `stdout.isTTY`: it is undefined for a pipe, and picocolors then decides by itself (and colours with CI set).
    colors: isatty(stdout.fd) && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb',
    line: (text) => {
      watch();
      if (stdout.write(`${text}\n`)) return undefined;
      return new Promise((resolve) => stdout.once('drain', resolve));
    },
    error: (message) => {
      // Parts of the message may come from a server.
      const line = visible(message.replace(/\s*\n\s*/g, ' ')).replace(TOKEN, '$1…');
      stderr.write(`kvs: ${line}\n`);
    },
    ...(isatty(process.stdin.fd) && isatty(stderr.fd) && { ask: askAtTerminal }),
  };
}

async function askAtTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const gone = new Promise<string>((resolve) => {
      terminal.once('close', () => {
        resolve('');
      });
    });
    return await Promise.race([terminal.question(visible(question)), gone]);
  } finally {
    terminal.close();
  }
}
