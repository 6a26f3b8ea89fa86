import { accessControl } from '../security/access/control.js';
import { readCredentials, readToken } from '../security/access/file.js';
import { CredentialTable } from '../security/access/table.js';
import type { AccessControl } from '../ports/access.js';
import type { Logger } from '../ports/logger.js';
import { onReload } from './reload.js';
import { systemTime } from './system-time.js';

/** The credentials of a server. */
interface Access extends AccessControl {
  readonly table: CredentialTable;
}

/**
 * Reads the file of credentials, now and at every SIGHUP; an invalid file at SIGHUP changes nothing.
 * @returns `undefined` if no file is configured: then everyone who reaches the server may do everything
 * @throws KvsError CONFIGURACAO
 */
export async function openAccess(path: string | undefined, logger: Logger): Promise<Access | undefined> {
  if (path === undefined) return undefined;
  const read = async () => {
    const { file, isExposed } = await readCredentials(path);
    if (isExposed)
      logger.warn({ arquivo: path }, 'outros usuários podem ler ou mudar as credenciais: chmod 600');
    return file;
  };
  const table = new CredentialTable(await read(), { time: systemTime, logger });
  const said = (message: string): void => logger.info({ arquivo: path, credenciais: table.size }, message);
  said('credenciais lidas');
  onReload('credenciais', async () => {
    table.replace(await read());
    said('credenciais relidas');
  });
  return { table, ...accessControl(table) };
}

/**
 * Reads the token with which this server authenticates to others, now and at every SIGHUP.
 * @returns a function that gives the current token; `undefined` if no file is configured
 * @throws KvsError CONFIGURACAO
 */
export async function openToken(path: string | undefined): Promise<(() => string) | undefined> {
  if (path === undefined) return undefined;
  let token = await readToken(path);
  onReload('credencial deste servidor', async () => {
    token = await readToken(path);
  });
  return () => token;
}
