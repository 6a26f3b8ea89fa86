import { readFile } from 'node:fs/promises';
import type { BrokerCredentials } from '../bus/broker-url.js';
import { KvsError } from '../core/errors.js';

/**
 * User and password for the broker, from a file whose first line is `usuario:senha`: a command line or a variable would
 * show them to others.
 * @returns `undefined` if no file is named
 * @throws KvsError CONFIGURACAO; what the file holds is never repeated
 */
export async function readBrokerCredentials(
  path: string | undefined,
): Promise<BrokerCredentials | undefined> {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new KvsError('CONFIGURACAO', `--broker-credenciais: não consegui ler ${path}`, { cause });
  }
  const [, user, password] = /^([^:\r\n]+):([^\r\n]*)/.exec(text) ?? [];
  if (user === undefined || password === undefined) {
    throw new KvsError(
      'CONFIGURACAO',
      `--broker-credenciais: a primeira linha de ${path} não é usuario:senha`,
    );
  }
  return { user, password };
}
