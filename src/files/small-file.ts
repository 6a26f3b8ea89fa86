import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { KvsError } from '../core/errors.js';

/** Permission bits for anyone other than the owner. */
const OTHERS = 0o077;

export interface SmallFile {
  readonly text: string;
  /** Whether anyone other than the owner may read or write it. */
  readonly isExposed: boolean;
}

interface FileReading {
  /**
   * Whether it may be a pipe or a device. Not for files that SIGHUP reads again: a pipe would block the reload, and
   * everything reloaded after it, forever.
   */
  readonly anything?: boolean;
  /** `latin1` if only the ASCII content matters. */
  readonly encoding?: 'utf8' | 'latin1';
}

/**
 * Reads a file of settings or secrets as text, without a leading byte order mark.
 * @throws KvsError CONFIGURACAO if it cannot be read, is larger than `mostBytes`, or is not UTF-8; the error never
 *   contains its content
 */
export async function readSmallFile(
  path: string,
  mostBytes: number,
  { anything = false, encoding = 'utf8' }: FileReading = {},
): Promise<SmallFile> {
  let handle: FileHandle | undefined;
  try {
    // Non-blocking, so as not to wait for a writer if the file is a pipe.
    handle = await open(path, anything ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (stat.isDirectory()) throw unreadable(path, 'é uma pasta');
    if (!anything && !stat.isFile()) throw unreadable(path, 'não é um arquivo');
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const room = Buffer.alloc(Math.min(mostBytes + 1 - bytes, PIECE_BYTES));
      const { bytesRead } = await handle.read(room, 0, room.length, null);
      if (bytesRead === 0) break;
      chunks.push(room.subarray(0, bytesRead));
      bytes += bytesRead;
      if (bytes > mostBytes) throw unreadable(path, `passa de ${mostBytes} bytes`);
    }
    const content = withoutMark(Buffer.concat(chunks));
    if (encoding === 'utf8' && !isUtf8(content)) throw unreadable(path, 'não é texto em UTF-8');
    return { text: content.toString(encoding), isExposed: (stat.mode & OTHERS) !== 0 };
  } catch (error) {
    if (error instanceof KvsError) throw error;
    throw unreadable(path, reasonOf(error), error);
  } finally {
    await handle?.close();
  }
}

const PIECE_BYTES = 64 * 1024;

const MARK = Buffer.from('\ufeff');

/** Strips the byte order mark that some editors put before a text. */
function withoutMark(content: Buffer): Buffer {
  return content.subarray(0, MARK.length).equals(MARK) ? content.subarray(MARK.length) : content;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'não existe',
  EACCES: 'sem permissão',
  EISDIR: 'é uma pasta',
  EEXIST: 'já existe',
  ENOSPC: 'o disco está cheio',
  EPIPE: 'ninguém mais lê',
  EROFS: 'ali só se pode ler',
  EMFILE: 'arquivos demais abertos (ulimit -n)',
};

/** A short reason for a failed file operation. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return REASONS[code] ?? code;
}

export function isCode(error: unknown, code: string): boolean {
  return codeOf(error) === code;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function unreadable(path: string, why: string, cause?: unknown): KvsError {
  return new KvsError('CONFIGURACAO', `não consegui ler ${path}: ${why}`, { cause });
}
