import { readFile } from 'node:fs/promises';
import { serverConfig, unknownVariables } from '../app/config.js';
import { mergePort } from '../app/parse.js';
import { runServer } from '../app/run.js';
import type { ConfigFile, Flags } from '../app/settings.js';
import { KvsError } from '../core/errors.js';

/**
 * `kvs servidor`: runs until a signal ends it.
 * @returns the exit code
 * @throws KvsError CONFIGURACAO, PORTA_EM_USO
 */
export async function runServerCommand(
  positionalPort: string | undefined,
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const { config: path = env['KVS_CONFIG'], ...rest } = flags;
  if (path !== undefined && typeof path !== 'string') {
    throw new KvsError('CONFIGURACAO', '--config: esperado um só arquivo');
  }
  const porta = typeof flags.porta === 'object' ? flags['porta'] : mergePort(positionalPort, flags['porta']);
  const file = path === undefined || path === '' ? undefined : await readConfig(path);
  const warnings = unknownVariables(env).map(
    (name) => `a variável ${name} não é uma opção conhecida e foi ignorada`,
  );
  return runServer(serverConfig({ flags: { ...rest, porta }, env, file }), warnings);
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
