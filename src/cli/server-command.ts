import { readFile } from 'node:fs/promises';
import { serverConfig, unknownVariables } from '../app/config.js';
import { mergePort } from '../app/parse.js';
import { onReload } from '../app/reload.js';
import { runServer } from '../app/run.js';
import type { ConfigFile, Flags } from '../app/settings.js';
import { KvsError } from '../core/errors.js';
import { EXIT } from './exit.js';
import type { ExitCode } from './exit.js';

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
  const file = path === undefined || path === '' ? undefined : await readConfig(path);
  if (file !== undefined) {
    onReload('arquivo de opções', async () => {
      if ((await readConfig(file.path)).text === file.text) return;
      throw new KvsError('CONFIGURACAO', `${file.path} mudou: as opções só valem a partir do próximo início`);
    });
  }
  const warnings = unknownVariables(env).map(
    (name) => `a variável ${name} não é uma opção conhecida e foi ignorada`,
  );
  const leftBehind = await runServer(serverConfig({ flags: { ...rest, porta }, env, file }), warnings);
  return leftBehind ? EXIT.leftBehind : EXIT.ok;
}

async function readConfig(path: string): Promise<ConfigFile> {
  try {
    return { path, text: await readFile(path, 'utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = { ENOENT: 'não existe', EACCES: 'sem permissão', EISDIR: 'é uma pasta' }[code] ?? code;
    throw new KvsError('CONFIGURACAO', `não consegui ler ${path}: ${why}`, { cause: error });
  }
}
