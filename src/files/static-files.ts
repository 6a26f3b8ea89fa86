import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { staticLimits } from './limits.js';

/** A file as a browser gets it. */
export interface StaticFile {
  readonly type: string;
  /** Names its content, without quotes. */
  readonly hash: string;
  readonly content: Buffer;
  /** Absent: it was not compressed, since that saves nothing. */
  readonly brotli: Buffer | undefined;
  readonly gzip: Buffer | undefined;
}

/** By their paths below the folder, with `/`. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

/** What is sent, by the ending of its name; nothing else is. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** The folder of the built panel, beside the program; it may not be there. */
export function panelFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, 'dist', 'panel');
}

/**
 * Reads a folder once and for all: whatever happens to it later, the files stay what they were. Links are not followed.
 * @returns nothing if it is not there, or is not what this program builds: too many files, or too large ones
 */
export async function readStaticFiles(folder: string): Promise<StaticFiles> {
  const files = new Map<string, StaticFile>();
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const wanted = paths.filter((path) => extname(path) in TYPES);
  if (wanted.length > staticLimits.files) return new Map();
  let bytes = 0;
  for (const path of wanted) {
    const read = (file: string): Promise<Buffer | undefined> =>
      paths.includes(file) ? readFile(file) : Promise.resolve(undefined);
    const [content, brotli, gzip] = await Promise.all([read(path), read(`${path}.br`), read(`${path}.gz`)]);
    bytes += (content?.length ?? 0) + (brotli?.length ?? 0) + (gzip?.length ?? 0);
    if (content === undefined || bytes > staticLimits.bytes) return new Map();
    const hash = createHash('sha256').update(content).digest('base64url').slice(0, 22);
    const type = TYPES[extname(path)] ?? '';
    files.set(relative(folder, path).split(sep).join('/'), { type, hash, content, brotli, gzip });
  }
  return files;
}
