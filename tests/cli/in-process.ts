import { runClient } from '../../src/cli/client-command.js';
import { parseCommandLine } from '../../src/cli/arguments.js';
import { exitOf } from '../../src/cli/exit.js';
import { runConformance } from '../../src/cli/conformance/command.js';
import { runCorrection } from '../../src/cli/correction/command.js';
import { runLaboratory } from '../../src/cli/laboratory/command.js';
import { runFaults } from '../../src/cli/laboratory/faults.js';
import { runTrace } from '../../src/cli/laboratory/trace.js';
import { runPortal } from '../../src/cli/portal/command.js';
import type { Output } from '../../src/cli/output.js';
import { runStore } from '../../src/cli/store/command.js';
import { COMMANDS } from '../../src/config/commands.js';
import { KvsError } from '../../src/core/errors.js';

/**
 * Runs `kvs observa …` in this process until it has said so many lines, or this one; then it is told to end, as by Ctrl-C.
 * @param meanwhile called with each line, as it comes
 * @param heard every line on standard error, as it is written
 */
export async function watchHere(
  words: readonly string[],
  until: number | RegExp,
  meanwhile: (line: string, seen: number) => void = () => undefined,
  heard: (message: string) => void = () => undefined,
): Promise<{ code: number; lines: readonly string[]; errors: readonly string[] }> {
  const lines: string[] = [];
  const errors: string[] = [];
  let stop: () => void = () => undefined;
  const output: Output = {
    colors: false,
    line: (text) => {
      lines.push(text);
      meanwhile(text, lines.length);
      if (typeof until === 'number' ? lines.length >= until : until.test(text)) stop();
      return undefined;
    },
    error: (message) => {
      errors.push(message);
      heard(message);
    },
  };
  const command = parseCommandLine(words);
  if (command.kind !== 'store') throw new Error(`no command on the store: ${words.join(' ')}`);
  const interrupts = (end: () => void): (() => void) => {
    stop = end;
    return () => undefined;
  };
  const code = await runStore(command, {}, output, { interrupts });
  return { code, lines, errors };
}

/**
 * Runs `kvs cliente …words`, or `kvs …words` if they begin with a command on the store, of the portal or of the laboratory,
 * in this process: the client's own code over real connections, without the second that it takes to start a process.
 * Nobody is at a terminal.
 * @param heard every line on standard error, as it is written
 */
export async function runHere(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  heard: (message: string) => void = () => undefined,
): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const output: Output = {
    colors: false,
    line: (text) => {
      stdout += `${text}\n`;
      return undefined;
    },
    error: (message) => {
      stderr += `kvs: ${message}\n`;
      heard(message);
    },
  };
  try {
    const code = await commandHere(words, env, output);
    return { code, stdout, stderr };
  } catch (error) {
    const { code, message } = KvsError.from(error);
    return { code: exitOf(code), stdout, stderr: `${stderr}kvs: ${message}\n` };
  }
}

/** @returns the exit code */
function commandHere(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  output: Output,
): Promise<number> {
  const isNamed = Object.hasOwn(COMMANDS, words[0] ?? '');
  const command = parseCommandLine(isNamed ? words : ['cliente', ...words]);
  switch (command.kind) {
    case 'client':
      return runClient(command.operation, command.flags, env, output);
    case 'conformance':
      return runConformance(command.flags, env, output);
    case 'correction':
      return runCorrection(command, command.flags, env, output);
    case 'faults':
      return runFaults(command.order, command.flags, env, output);
    case 'laboratory':
      return runLaboratory(command.action, command.flags, env, output);
    case 'portal':
      return runPortal(command.service, command.flags, env, output);
    case 'store':
      return runStore(command, env, output);
    case 'trace':
      return runTrace(command.flags, env, output);
    default:
      throw new Error(`not for the client: ${words.join(' ')}`);
  }
}
