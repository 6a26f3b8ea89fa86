import { readSmallFile } from '../access/small-file.js';
import type { BrokerCredentials } from '../bus/broker-url.js';
import { KvsError } from '../core/errors.js';

/** Two lines of MQTT's longest user and password fit. Whatever is longer is another file. */
const FILE_BYTES_MAX = 256 * 1024;

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
  const { text } = await readSmallFile(path, FILE_BYTES_MAX).catch((error: unknown) => {
    const { message, cause } = KvsError.from(error);
    throw new KvsError('CONFIGURACAO', `--broker-credenciais: ${message}`, { cause });
  });
  const [, user, password] = /^([^:\r\n]+):([^\r\n]*)/.exec(text) ?? [];
  if (user === undefined || password === undefined) {
    throw new KvsError(
      'CONFIGURACAO',
      `--broker-credenciais: a primeira linha de ${path} não é usuario:senha`,
    );
  }
  return { user, password };
}
