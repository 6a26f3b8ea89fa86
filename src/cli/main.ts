import { isCode } from '../files/small-file.js';
import { KvsError } from '../core/errors.js';
import { SHELL_OPTIONS } from '../config/store-options.js';
import { parseCommandLine } from './arguments.js';
import type { Command } from './arguments.js';
import { EXIT, exitOf } from './exit.js';
import { standardOutput } from './output.js';
import { assertReadable } from './raw-text.js';
import { terminalColumns } from './rendering/terminal.js';

/** Runs the command line of this process and sets its exit code. Never rejects. */
export async function main(): Promise<void> {
  const output = standardOutput();
  try {
    const words = process.argv.slice(2);
    assertReadable(words, process.env);
    const command = parseCommandLine(words, process.env['PROGRAMA_KVS'], terminalColumns());
    switch (command.kind) {
      case 'text':
        await output.line(command.text);
        process.exitCode = EXIT.ok;
        break;
      case 'version': {
        const { programVersion } = await import('../files/program-version.js');
        await output.line(`kvs ${programVersion()}`);
        break;
      }
      case 'completion': {
        const { completionScript, usualShell } = await import('./completion/scripts.js');
        const shell = command.shell ?? usualShell(process.env['SHELL']);
        await output.line(completionScript(shell, process.argv[1] ?? 'kvs'));
        break;
      }
      case 'man': {
        const [{ manPage }, { programVersion }] = await Promise.all([
          import('./man-page.js'),
          import('../files/program-version.js'),
        ]);
        await output.line(manPage(programVersion()).trimEnd());
        break;
      }
      case 'key': {
        const { runKey } = await import('./key-command.js');
        process.exitCode = await runKey(command, output);
        break;
      }
      // Loaded on demand: a client must not wait for server code, nor the other way round.
      case 'client': {
        const { operation, flags } = command;
        if (isBare(command) && process.stdin.isTTY && process.stdout.isTTY) {
          const { runShell } = await import('./shell/command.js');
          process.exitCode = await runShell(flags, process.env, output);
          break;
        }
        const { runClient } = await import('./client-command.js');
        process.exitCode = await runClient(operation, flags, process.env, output);
        break;
      }
      case 'store': {
        const { runStore } = await import('./store/command.js');
        process.exitCode = await runStore(command, process.env, output);
        break;
      }
      case 'shell': {
        const { runShell } = await import('./shell/command.js');
        process.exitCode = await runShell(command.flags, process.env, output);
        break;
      }
      case 'demo': {
        const { runDemo } = await import('./demo/command.js');
        process.exitCode = await runDemo(command.count, command.flags, output);
        break;
      }
      case 'laboratoryPage': {
        const { runLaboratoryPage } = await import('./laboratory/run-command.js');
        process.exitCode = await runLaboratoryPage(command.flags, output);
        break;
      }
      case 'laboratoryExport': {
        const { runLaboratoryExport } = await import('./laboratory/export-command.js');
        process.exitCode = await runLaboratoryExport(command.file, command.flags, output);
        break;
      }
      case 'laboratory': {
        const { runLaboratory } = await import('./laboratory/command.js');
        process.exitCode = await runLaboratory(command.action, command.flags, process.env, output);
        break;
      }
      case 'faults': {
        const { runFaults } = await import('./laboratory/faults.js');
        process.exitCode = await runFaults(command.order, command.flags, process.env, output);
        break;
      }
      case 'trace': {
        const { runTrace } = await import('./laboratory/trace.js');
        process.exitCode = await runTrace(command.flags, process.env, output);
        break;
      }
      case 'correction': {
        const { runCorrection } = await import('./correction/command.js');
        process.exitCode = await runCorrection(command, command.flags, process.env, output);
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
      case 'conformance': {
        const { runConformance } = await import('./conformance/command.js');
        process.exitCode = await runConformance(command.flags, process.env, output);
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

/** Whether `kvs cliente` was told where to ask, but not what. */
function isBare({ operation, flags }: Extract<Command, { readonly kind: 'client' }>): boolean {
  return operation === undefined && Object.keys(flags).every((name) => Object.hasOwn(SHELL_OPTIONS, name));
}

/** The error for too few file descriptors, since Node opens all modules of a command at once. */
function tooFewFiles(thrown: unknown): KvsError | undefined {
  if (!isCode(thrown, 'EMFILE')) return undefined;
  const message = 'pode abrir arquivos de menos (ulimit -n); são precisos pelo menos 128';
  return new KvsError('CONFIGURACAO', message, { cause: thrown });
}
