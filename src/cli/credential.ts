import { closeSync, openSync, readSync } from 'node:fs';
import { parseTokenFile } from '../config/client-parsers.js';
import { onlyText } from '../config/parse.js';
import type { Setting } from '../config/settings.js';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { isToken } from '../ports/access.js';

/**
 * The token that a client sends: from the file of `--credencial` or `KVS_CREDENCIAL`, or from `KVS_TOKEN`.
 * @param file of `credencial`, `text` of `token`
 * @returns `undefined` if there is none
 * @throws KvsError CONFIGURACAO, which never quotes the token; also for a token in the command line, visible to others
 */
export function tokenOf(file: Setting | undefined, text: Setting | undefined): string | undefined {
  if (file === undefined) return text && checked(onlyText(text), `${text.place} não é um token`);
  const { place } = file;
  const path = parseTokenFile(file);
  return checked(firstLine(path, place), `${place}: a primeira linha de ${path} não é um token`);
}

function checked(token: string, wrong: string): string {
  if (isToken(token)) return token;
  throw new KvsError('CONFIGURACAO', `${wrong}, como os que "kvs credencial cria" mostra: kvs_NOME.SEGREDO`);
}

/** Also reads a pipe, as shells make from a command. */
function firstLine(path: string, place: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(2 * limits.accessTokenChars);
      const bytes = readSync(file, buffer, 0, buffer.length, null);
      return buffer.toString('utf8', 0, bytes).split(/\r?\n/, 1)[0]?.trim() ?? '';
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = { ENOENT: 'não existe', EACCES: 'sem permissão', EISDIR: 'é uma pasta' }[code] ?? code;
    throw new KvsError('CONFIGURACAO', `${place}: não consegui ler ${path}: ${why}`, { cause: error });
  }
}
