import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { isCode, reasonOf } from '../../files/small-file.js';
import { KvsError } from '../../core/errors.js';

/** Where an export goes. */
interface ExportFile {
  /** A returned promise asks to wait. @throws KvsError CONFIGURACAO (as a rejection too) if writing fails */
  line(text: string): Promise<void> | undefined;
  /** @param complete whether all lines were written: an incomplete file must not look complete */
  close(complete: boolean): Promise<void>;
}

/**
 * Opens the file of an export: written under a temporary name, and renamed once complete. A pipe or device is written
 * directly if it belongs to this user or to the system: one placed there by another user gets nothing.
 * @throws KvsError CONFIGURACAO
 */
export async function openExport(path: string): Promise<ExportFile> {
  const there = await stat(path).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw unwritable(path, error);
  });
  if (there?.isDirectory() === true) throw unwritable(path, 'é uma pasta; diga o nome de um arquivo nela');
  if (there === undefined || there.isFile()) return fileSink(path);
  if (there.uid !== 0 && there.uid !== process.getuid?.()) throw unwritable(path, 'é de outro usuário');
  const lines = await streamTo(path, path, constants.O_WRONLY);
  return { line: lines.line, close: () => lines.close() };
}

async function fileSink(path: string): Promise<ExportFile> {
  const partial = `${path}.parcial`;
  // An export holds data that credentials guard, so a file left behind or planted by another user is not reused.
  await rm(partial, { force: true }).catch(() => undefined);
  const lines = await streamTo(partial, path, 'wx');
  return {
    line: lines.line,
    close: async (complete) => {
      await lines.close();
      if (!complete) return;
      await rename(partial, path).catch((error: unknown) => {
        throw unwritable(path, error);
      });
    },
  };
}

/** @param named the file's name in messages */
async function streamTo(
  path: string,
  named: string,
  flags: string | number,
): Promise<{ line: ExportFile['line']; close: () => Promise<void> }> {
  const handle = await open(path, flags, 0o600).catch((error: unknown) => {
    throw unwritable(named, error);
  });
  const stream = handle.createWriteStream();
  let broken: Error | undefined;
  stream.on('error', (error) => {
    broken = error;
  });
  const check = (): void => {
    if (broken) throw unwritable(named, broken);
  };
  return {
    line: (text) => {
      check();
      if (stream.write(`${text}\n`)) return undefined;
      return new Promise<void>((resolve) => {
        const goOn = (): void => {
          stream.off('drain', goOn).off('close', goOn);
          resolve();
        };
        stream.on('drain', goOn).on('close', goOn);
      }).then(check);
    },
    close: async () => {
      if (!stream.closed) {
        await new Promise<void>((resolve) => {
          stream.once('close', resolve);
          stream.end();
        });
      }
      check();
    },
  };
}

function unwritable(path: string, why: unknown): KvsError {
  const reason = typeof why === 'string' ? why : reasonOf(why);
  return new KvsError('CONFIGURACAO', `não consegui escrever ${path}: ${reason}`, { cause: why });
}
