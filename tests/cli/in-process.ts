import { runClient } from '../../src/cli/client-command.js';
import { parseCommandLine } from '../../src/cli/arguments.js';
import { exitOf } from '../../src/cli/exit.js';
import { runPortal } from '../../src/cli/portal/command.js';
import type { Output } from '../../src/cli/output.js';
import { KvsError } from '../../src/core/errors.js';

/**
 * Runs `kvs cliente …words` (or `kvs admin …`, `kvs matricula …`) in this process: the client's own code over real connections, without the second that it takes
 * to start a process. Nobody is at a terminal.
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
    const command = parseCommandLine(
      words[0] === 'admin' || words[0] === 'matricula' ? words : ['cliente', ...words],
    );
    if (command.kind === 'portal') {
      const code = await runPortal(command.service, command.flags, env, output);
      return { code, stdout, stderr };
    }
    if (command.kind !== 'client') throw new Error(`not for the client: ${words.join(' ')}`);
    const { operation, flags } = command;
    const code = await runClient(operation, flags, env, output);
    return { code, stdout, stderr };
  } catch (error) {
    const { code, message } = KvsError.from(error);
    return { code: exitOf(code), stdout, stderr: `${stderr}kvs: ${message}\n` };
  }
}
