import { readFileSync, renameSync, statSync, rmSync, writeFileSync } from 'node:fs';
import { ClientSession, isSessionToken } from '../client/session.js';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { EXIT } from './exit.js';
import type { Failure } from './failure.js';

/** The line end after a session in its file. */
const LINE_END_BYTES = 2;

/** A session that lasts from one command to the next, in the file of `--sessao`. */
export class SessionFile {
  readonly session: ClientSession;

  /** @throws KvsError CONFIGURACAO for a file that cannot be read or holds no session */
  constructor(private readonly path: string) {
    this.session = new ClientSession(readToken(path));
  }

  /** Writes the session to its file atomically, if it has advanced. @returns why that failed */
  keep(): Failure | undefined {
    const { path, session } = this;
    if (!session.isMoved) return undefined;
    const partial = `${path}.${String(process.pid)}.parcial`;
    try {
      writeFileSync(partial, `${session.token}\n`, { flag: 'wx', mode: 0o600 });
      renameSync(partial, path);
      return undefined;
    } catch (error) {
      rmSync(partial, { force: true });
      const message = `a chamada foi feita, mas não consegui guardar a sessão em ${path}: ${textOf(error)}`;
      return { code: 'CONFIGURACAO', exit: EXIT.failure, message };
    }
  }
}

/** The session in a file; a new one if there is no file yet. @throws KvsError CONFIGURACAO */
function readToken(path: string): string {
  let text: string;
  try {
    const found = statSync(path);
    // A device, which may be endless, or a file larger than a session is neither read nor ever overwritten.
    if (!found.isFile() || found.size > limits.sessionTokenBytes + LINE_END_BYTES) throw noSession(path);
    text = readFileSync(path, 'latin1').trim();
  } catch (error) {
    if (error instanceof KvsError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'nova';
    throw new KvsError('CONFIGURACAO', `não consegui ler a sessão em ${path}: ${textOf(error)}`, {
      cause: error,
    });
  }
  if (text === '') return 'nova';
  if (isSessionToken(text)) return text;
  throw noSession(path);
}

/** The error for a file that is not a session file: it stays as it is. */
function noSession(path: string): KvsError {
  return new KvsError('CONFIGURACAO', `${path} não é um arquivo de sessão: escolha outro nome para --sessao`);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
