import { KvsError } from '../../core/errors.js';
import { accessLimits } from './limits.js';
import { isToken } from '../../ports/access.js';
import { formatCredentials, parseCredentials } from './format.js';
import type { CredentialsFile } from './format.js';
import { changePrivateFile } from '../../files/private-file.js';
import { isCode, readSmallFile } from '../../files/small-file.js';
import { DEFAULT_COST } from './secret.js';

interface ReadFile {
  readonly file: CredentialsFile;
  /** Users other than its owner may read or write it. */
  readonly isExposed: boolean;
}

/** @throws KvsError CONFIGURACAO, one line, if it cannot be read or is invalid */
export async function readCredentials(path: string): Promise<ReadFile> {
  const { text, isExposed } = await readSmallFile(path, accessLimits.fileBytes);
  return { file: parseCredentials(text, path), isExposed };
}

/**
 * Changes the file, or creates it, as {@link changePrivateFile} does.
 * @param change makes the new content from the old; the file is unchanged if it throws
 * @throws KvsError CONFIGURACAO if another process is changing it, or it cannot be read or written
 */
export async function changeCredentials(
  path: string,
  change: (file: CredentialsFile) => CredentialsFile | Promise<CredentialsFile>,
): Promise<void> {
  await changePrivateFile(path, async (target) => {
    const text = formatCredentials(await change(await current(target)));
    // A file that could not be read again must not be put in place.
    parseCredentials(text, path);
    if (Buffer.byteLength(text) <= accessLimits.fileBytes) return text;
    throw new KvsError('CONFIGURACAO', `${path}: passaria de ${accessLimits.fileBytes} bytes`);
  });
}

/** The token in the first line of a file. @throws KvsError CONFIGURACAO, which never quotes the file */
export async function readToken(path: string): Promise<string> {
  const { text } = await readSmallFile(path, accessLimits.fileBytes);
  const [line = ''] = text.split(/\r?\n/, 1);
  if (isToken(line.trim())) return line.trim();
  throw new KvsError('CONFIGURACAO', `a primeira linha de ${path} não é um token: kvs_NOME.SEGREDO`);
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
