import { readCredentials } from '../access/file.js';
import { CredentialTable } from '../access/table.js';
import type { Logger } from '../ports/logger.js';
import { systemTime } from './system-time.js';

/** The credentials of a server. */
export interface Access {
  readonly table: CredentialTable;
  /**
   * Reads the file again.
   * @throws KvsError CONFIGURACAO if it cannot be read or is not what it must be: then what was read before stays
   */
  reload(): Promise<void>;
}

/**
 * Reads the file of credentials.
 * @returns `undefined` if none is named: then everybody who reaches the server may do everything
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
  return {
    table,
    reload: async () => {
      table.replace(await read());
      said('credenciais relidas');
    },
  };
}
