import { constants } from 'node:fs';
import { open, realpath, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KvsError } from '../core/errors.js';
import { isCode, reasonOf } from './small-file.js';

/** Mode of a file that only its owner may read and write. */
const PRIVATE = 0o600;

/**
 * Creates a new file, private from its creation, so that nobody else can have opened it.
 * @throws KvsError CONFIGURACAO, also if something of that name exists
 */
export async function createPrivateFile(path: string, text: string): Promise<void> {
  try {
    const handle = await open(path, 'wx', PRIVATE);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Changes a private file, or creates it, atomically: readers see all of the change or nothing, even after a power
 * failure. Of two concurrent changes the second is refused.
 * @param change makes the new text, given the resolved path of the old one. If it throws, the file stays unchanged
 * @throws KvsError CONFIGURACAO if another process is changing the file, or it cannot be written
 */
export async function changePrivateFile(
  path: string,
  change: (target: string) => string | Promise<string>,
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const beside = `${target}.novo`;
  // The new file is also the lock, since it can be created only once.
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
      const text = await change(target);
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
