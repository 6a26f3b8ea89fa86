import { readFileSync, renameSync, statSync, rmSync, writeFileSync } from 'node:fs';
import type { Metadata } from '@grpc/grpc-js';
import { badSetting } from '../config/settings.js';
import type { Setting } from '../config/settings.js';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { EXIT } from './exit.js';
import type { Failure } from './failure.js';

/** Metadata of the doors (docs/PROTOCOL.md). */
const SESSION = 'kvs-sessao';
const CONFIRM = 'kvs-confirmacao';
const CONFIRM_TIME = 'kvs-confirmacao-prazo';

/** Of the time for an answer, the part that confirmations may take: the server must still say that they did not come. */
const CONFIRM_SHARE = 0.8;

/** What follows a session in its file. */
const LINE_END_BYTES = 2;

/** What every call of a command demands beyond an answer: confirmations, and a session that is kept in a file. */
export class CallTerms {
  private given: string | undefined;

  private constructor(
    private readonly servers: number | undefined,
    private readonly confirmMs: number,
    private readonly path: string | undefined,
    private readonly token: string,
  ) {}

  /**
   * `undefined` if nothing is demanded.
   * @param confirmation of `--confirmacao`, `session` of `--sessao`
   * @param timeoutMs for the whole answer
   * @throws KvsError CONFIGURACAO for a number out of range, a file that cannot be read or holds no session
   */
  static of(
    confirmation: Setting | undefined,
    session: Setting | undefined,
    timeoutMs: number,
  ): CallTerms | undefined {
    if (confirmation === undefined && session === undefined) return undefined;
    const servers = confirmation && parseServers(confirmation);
    const path = session?.texts[0];
    if (session !== undefined && (path === undefined || path === '' || session.texts.length > 1)) {
      throw badSetting(session.place, session.texts.join(' '), 'o nome de um arquivo');
    }
    const confirmMs = Math.max(1, Math.floor(Math.min(limits.confirmMs, timeoutMs * CONFIRM_SHARE)));
    return new CallTerms(servers, confirmMs, path, path === undefined ? '' : readToken(path));
  }

  addTo(metadata: Metadata): void {
    if (this.path !== undefined) metadata.set(SESSION, this.token);
    if (this.servers === undefined) return;
    metadata.set(CONFIRM, String(this.servers));
    metadata.set(CONFIRM_TIME, String(this.confirmMs));
  }

  /** Takes the session out of the trailing metadata of a call, however it ended. */
  note(trailer: Metadata): void {
    const token = trailer.get(SESSION)[0]?.toString();
    if (token !== undefined && isToken(token)) this.given = token;
  }

  /** Puts the session into its file, whole or not at all. @returns why that is not possible */
  keep(): Failure | undefined {
    const { path, given } = this;
    if (path === undefined || given === undefined) return undefined;
    const partial = `${path}.${String(process.pid)}.parcial`;
    try {
      writeFileSync(partial, `${given}\n`, { flag: 'wx', mode: 0o600 });
      renameSync(partial, path);
      return undefined;
    } catch (error) {
      rmSync(partial, { force: true });
      const message = `a chamada foi feita, mas não consegui guardar a sessão em ${path}: ${textOf(error)}`;
      return { code: 'CONFIGURACAO', exit: EXIT.failure, message };
    }
  }
}

function parseServers({ texts, place }: Setting): number {
  const [text = ''] = texts;
  const servers = texts.length === 1 && /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (servers >= 1 && servers <= limits.confirmServers) return servers;
  throw badSetting(place, texts.join(' '), `quantos outros servidores, de 1 a ${limits.confirmServers}`);
}

/** The session in a file; a new one where there is none yet. @throws KvsError CONFIGURACAO */
function readToken(path: string): string {
  let text: string;
  try {
    const found = statSync(path);
    // Neither a device, which may have no end, nor anything larger than a session is read, or ever written over.
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
  if (isToken(text)) return text;
  throw noSession(path);
}

/** A file of somebody else: it stays as it is. */
function noSession(path: string): KvsError {
  return new KvsError('CONFIGURACAO', `${path} não é um arquivo de sessão: escolha outro nome para --sessao`);
}

function isToken(text: string): boolean {
  return text.length <= limits.sessionTokenBytes && /^[a-z]\d\.[!-~]+$/.test(text);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
