import { constants } from 'node:fs';
import { open, realpath, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { isToken } from '../ports/access.js';
import { formatCredentials, parseCredentials } from './format.js';
import type { CredentialsFile } from './format.js';
import { isCode, readSmallFile, reasonOf } from './small-file.js';
import { DEFAULT_COST } from './secret.js';

/** Only its owner may read it. */
const PRIVATE = 0o600;

export interface ReadFile {
  readonly file: CredentialsFile;
  /** Others than its owner may read or write it. */
  readonly isExposed: boolean;
}

/** @throws KvsError CONFIGURACAO, one line, if it cannot be read or is not what it must be */
export async function readCredentials(path: string): Promise<ReadFile> {
  const { text, isExposed } = await readSmallFile(path, limits.accessFileBytes);
  return { file: parseCredentials(text, path), isExposed };
}

/**
 * Changes the file, which is made if it is not there: whoever reads it sees all of the change or nothing, also after the
 * power fails. Two who change it at once: the second is told so.
 * @param change makes the new content of the old; what it throws leaves the file as it was
 * @throws KvsError CONFIGURACAO if another changes it now, or it cannot be read or written
 */
export async function changeCredentials(
  path: string,
  change: (file: CredentialsFile) => CredentialsFile | Promise<CredentialsFile>,
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const beside = `${target}.novo`;
  // The new file is also the lock: it can be made only once.
  const handle = await open(beside, 'wx', PRIVATE).catch((error: unknown) => {
    if (!isCode(error, 'EEXIST')) throw unwritable(path, error);
    throw new KvsError(
      'CONFIGURACAO',
      `outro comando está mudando ${path}; se nenhum está, apague ${beside} e repita`,
      { cause: error },
    );
  });
  try {
    try {
      const text = formatCredentials(await change(await current(target)));
      // A file that nobody could read again must not be put in place.
      parseCredentials(text, path);
      if (Buffer.byteLength(text) > limits.accessFileBytes) {
        throw new KvsError('CONFIGURACAO', `${path}: passaria de ${limits.accessFileBytes} bytes`);
      }
      await handle.chmod(PRIVATE);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, target);
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    throw error instanceof KvsError ? error : unwritable(path, error);
  }
  await syncFolder(dirname(target));
}

/** The token in the first line of a file. @throws KvsError CONFIGURACAO, which never repeats what is there */
export async function readToken(path: string): Promise<string> {
  const { text } = await readSmallFile(path, limits.accessFileBytes);
  const [line = ''] = text.split(/\r?\n/, 1);
  if (isToken(line.trim())) return line.trim();
  throw new KvsError('CONFIGURACAO', `a primeira linha de ${path} não é um token: kvs_NOME.SEGREDO`);
}

/** Writes a secret into a file that is not there yet. @throws KvsError CONFIGURACAO */
export async function writeSecret(path: string, text: string): Promise<void> {
  try {
    const handle = await open(path, 'wx', PRIVATE);
    try {
      await handle.writeFile(`${text}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function current(path: string): Promise<CredentialsFile> {
  try {
    return (await readCredentials(path)).file;
  } catch (error) {
    const { cause } = error as KvsError;
    if (isCode(cause, 'ENOENT')) return { cost: DEFAULT_COST, credentials: [] };
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path === '' ? '.' : path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unwritable(path: string, cause: unknown): KvsError {
  return new KvsError('CONFIGURACAO', `não consegui escrever ${path}: ${reasonOf(cause)}`, { cause });
}
