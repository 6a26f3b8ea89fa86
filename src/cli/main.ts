import { isCode } from '../files/small-file.js';
import { KvsError } from '../core/errors.js';
import { parseCommandLine } from './arguments.js';
import { EXIT, exitOf } from './exit.js';
import { standardOutput } from './output.js';
import { assertReadable } from './raw-text.js';

/** Runs the command line of this process and sets its exit code. Never rejects. */
export async function main(): Promise<void> {
  const output = standardOutput();
  try {
    const words = process.argv.slice(2);
    assertReadable(words, process.env);
    const command = parseCommandLine(words, process.env['PROGRAMA_KVS'], columnsHere());
    switch (command.kind) {
      case 'text':
        await output.line(command.text);
        process.exitCode = EXIT.ok;
        break;
      case 'key': {
        const { runKey } = await import('./key-command.js');
        process.exitCode = await runKey(command, output);
        break;
      }
      // Loaded on demand: a client must not wait for server code, nor the other way round.
      case 'client': {
        const { operation, flags } = command;
        const { runClient } = await import('./client-command.js');
        process.exitCode = await runClient(operation, flags, process.env, output);
        break;
      }
      case 'portal': {
        const { runPortal } = await import('./portal/command.js');
        const { service, flags } = command;
        process.exitCode = await runPortal(service, flags, process.env, output);
        break;
      }
      case 'access': {
        const { runAccess } = await import('./access/command.js');
        const { action, name, flags } = command;
        process.exitCode = await runAccess(action, name, flags, process.env, output);
        break;
      }
      case 'retention': {
        const { runRetention } = await import('./retention/command.js');
        const { action, prefix, flags } = command;
        process.exitCode = await runRetention(action, prefix, flags, process.env, output);
        break;
      }
      case 'certificates': {
        const { runCertificates } = await import('./tls/certificates-command.js');
        process.exitCode = await runCertificates(command.folder, command.flags, output);
        break;
      }
      case 'copy': {
        const { runCopy } = await import('./copy/command.js');
        process.exitCode = await runCopy(command.direction, command.file, command.flags, process.env, output);
        break;
      }
      case 'leaderClient': {
        const { runLeaderClient } = await import('./leader/client-command.js');
        const { flags, actions } = command;
        process.exitCode = await runLeaderClient(flags, actions, process.env, output);
        break;
      }
      case 'leaderServer': {
        const { runLeaderServerCommand } = await import('./leader/server-command.js');
        process.exit(await runLeaderServerCommand(command.flags, process.env, process.argv.slice(2)));
      }
      // falls through: process.exit does not return
      case 'server': {
        const { runServerCommand } = await import('./server-command.js');
        // Nothing should be left to wait for; anything left would be a leak.
        process.exit(await runServerCommand(command.positionalPort, command.flags, process.env));
      }
    }
  } catch (thrown) {
    const error = tooFewFiles(thrown) ?? KvsError.from(thrown);
    output.error(error.message);
    process.exitCode = exitOf(error.code);
  }
}

/** Width of the terminal on standard output; `undefined` if it is none. */
function columnsHere(): number | undefined {
  const { isTTY, columns } = process.stdout;
  return isTTY ? columns : undefined;
}

/** The error for too few file descriptors, since Node opens all modules of a command at once. */
function tooFewFiles(thrown: unknown): KvsError | undefined {
  if (!isCode(thrown, 'EMFILE')) return undefined;
  const message = 'pode abrir arquivos de menos (ulimit -n); são precisos pelo menos 128';
  return new KvsError('CONFIGURACAO', message, { cause: thrown });
}
