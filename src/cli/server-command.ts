import { readSmallFile } from '../files/small-file.js';
import { serverConfig } from '../config/server-config.js';
import { SERVER_OPTIONS } from '../config/server-options.js';
import { Settings } from '../config/settings.js';
import { unknownVariables } from '../config/commands.js';
import { mergePort } from '../config/parse.js';
import { onReload } from '../app/reload.js';
import { runServer } from '../app/run.js';
import type { ConfigFile, Flags } from '../config/settings.js';
import { KvsError } from '../core/errors.js';
import { EXIT } from './exit.js';
import type { ExitCode } from './exit.js';
import { cliLimits } from './limits.js';

/**
 * `kvs servidor`: runs until a signal ends it.
 * @returns the exit code
 * @throws KvsError CONFIGURACAO, PORTA_EM_USO
 */
export async function runServerCommand(
  positionalPort: string | undefined,
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ExitCode> {
  const { config: path = env['KVS_CONFIG'], ...rest } = flags;
  if (path !== undefined && typeof path !== 'string') {
    throw new KvsError('CONFIGURACAO', '--config: esperado um só arquivo');
  }
  const porta = typeof flags.porta === 'object' ? flags['porta'] : mergePort(positionalPort, flags['porta']);
  const file = path === undefined || path === '' ? undefined : await readConfig(path, false);
  if (file !== undefined) {
    onReload('arquivo de opções', async () => {
      if ((await readConfig(file.path, true)).text === file.text) return;
      throw new KvsError('CONFIGURACAO', `${file.path} mudou: as opções só valem a partir do próximo início`);
    });
  }
  if (new Settings(SERVER_OPTIONS, { flags: rest, env, file }).value('fim-da-entrada')) leaveAtEndOfInput();
  const warnings = unknownVariables(env).map(
    (name) => `a variável ${name} não é uma opção conhecida e foi ignorada`,
  );
  const leftBehind = await runServer(serverConfig({ flags: { ...rest, porta }, env, file }), warnings);
  return leftBehind ? EXIT.leftBehind : EXIT.ok;
}

/** For a program that starts servers: however it ends, the pipe to this one closes. */
function leaveAtEndOfInput(): void {
  process.stdin.resume().once('close', () => {
    process.kill(process.pid, 'SIGTERM');
  });
}

/** @param again at SIGHUP, when reading a pipe would block all later reads */
async function readConfig(path: string, again: boolean): Promise<ConfigFile> {
  const { text } = await readSmallFile(path, cliLimits.configFileBytes, { anything: !again });
  return { path, text };
}
