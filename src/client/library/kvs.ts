import { KvsError } from '../../core/errors.js';
import type { Rpc } from '../call.js';
import { batchesOf, codeOf, GRAVA_LOTE, GRAVA_UM, pairMessage } from './batch.js';
import { Calls, KvsConnections } from './calls.js';
import { givenSeconds, givenText, optionalText } from './given.js';
import { isAfter, kvsLineOf, loja } from './lines.js';
import type {
  KvsBatch,
  KvsCallOptions,
  KvsCount,
  KvsGetOptions,
  KvsLine,
  KvsLines,
  KvsListOptions,
  KvsOptions,
  KvsPair,
  KvsPutOptions,
  KvsRange,
  KvsRefusal,
  KvsRemoveOptions,
  KvsStatus,
  KvsWatch,
  KvsWatchOptions,
  KvsWriteOptions,
} from './public.js';
import { sessionOf, settingsOf } from './settings.js';
import { ESTADO } from './status.js';
import { Watching } from './watching.js';

const reads = { writes: false, read: kvsLineOf };
const writes = { writes: true, read: kvsLineOf };
const counts = {
  read: (message: object): KvsCount => {
    const { chaves, versoes } = message as { readonly chaves: string; readonly versoes: string };
    return { keys: Number(chaves), versions: Number(versoes) };
  },
};

const LE: Rpc<KvsLine> = { ...loja('Le'), ...reads };
const HISTORICO: Rpc<KvsLine> = { ...loja('Historico'), ...reads };
const LISTA: Rpc<KvsLine> = { ...loja('Lista'), ...reads };
const CONTA: Rpc<KvsCount> = { ...loja('Conta'), ...counts, writes: false };
const COMPARA: Rpc<KvsLine> = { ...loja('Compara'), ...writes };
const REMOVE: Rpc<KvsCount> = { ...loja('Remove'), ...counts, writes: true };
const APARA: Rpc<KvsLine> = { ...loja('Apara'), ...writes };
const EXPIRA: Rpc<KvsLine> = { ...loja('Expira'), ...writes };

/**
 * A fleet as one store. Calls go to its servers in turn, and from one that does not answer to the next. A call that changes
 * something is repeated only where that is safe; otherwise its outcome is unknown, and it rejects with
 * RESULTADO_DESCONHECIDO.
 *
 * Every method may reject with a {@link KvsError}, or with the reason of its signal.
 */
export class Kvs {
  readonly #calls: Calls;

  /**
   * Contacts no server before the first call.
   * @param options or only addresses, `host:port`
   * @throws KvsError CONFIGURACAO
   */
  constructor(options?: string | readonly string[] | KvsOptions);
  constructor(given: string | readonly string[] | KvsOptions | Calls = {}) {
    if (given instanceof Calls) {
      this.#calls = given;
    } else {
      const { client, session } = settingsOf(given);
      this.#calls = new Calls(new KvsConnections(client), session);
    }
  }

  /** A version of a key; `undefined` if there is none. Without further options the latest. */
  async get(key: string, options: KvsGetOptions = {}): Promise<KvsLine | undefined> {
    const { version, at, back } = options;
    if ([version, at, back].filter((given) => given !== undefined).length > 1) {
      throw new KvsError('CONFIGURACAO', 'get: diga version, at ou back, e só um deles');
    }
    const which = {
      ...(version !== undefined && { versao: version }),
      ...(at !== undefined && { em_ms: Number(at) }),
      ...(back !== undefined && { antes_da_ultima: back }),
    };
    try {
      return await this.#calls.one(LE, { chave: givenText('key', key), ...which }, options);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Writes the next version of a key. @returns its number */
  async put(key: string, value: string, options: KvsPutOptions = {}): Promise<number> {
    const pair = pairMessage({ key, value, ttlSeconds: options.ttlSeconds });
    const { versoes, recusas } = await this.#calls.one(GRAVA_UM, { pares: [pair] }, options);
    const [refused] = recusas;
    if (refused !== undefined) throw new KvsError(codeOf(refused.codigo), refused.mensagem);
    const [version] = versoes;
    if (version === undefined) throw new KvsError('INTERNO', 'o servidor não disse a versão');
    return version;
  }

  /**
   * Writes pairs in order, a version for each, in as few calls as possible. A pair that is refused does not stop the others.
   * What was written when a call fails stays written.
   */
  async batch(
    pairs: Iterable<KvsPair> | AsyncIterable<KvsPair>,
    options: KvsWriteOptions = {},
  ): Promise<KvsBatch> {
    const versions: (number | undefined)[] = [];
    const refusals: KvsRefusal[] = [];
    for await (const pares of batchesOf(pairs)) {
      const { versoes, recusas } = await this.#calls.one(GRAVA_LOTE, { pares }, options);
      for (const { indice, codigo, mensagem } of recusas) {
        const index = versions.length + indice;
        refusals.push({ index, key: pares[indice]?.chave ?? '', code: codeOf(codigo), message: mensagem });
      }
      for (const version of versoes) versions.push(version > 0 ? version : undefined);
    }
    return { versions, refusals };
  }

  /**
   * Writes the next version of a key if its latest has the version that the caller has seen; `null` as the value removes all
   * its versions. Rejects with VERSAO_OUTRA if it has another, with NAO_SUPORTADO where the engine cannot promise it.
   * @param version 0: the key has none
   */
  async compare(
    key: string,
    version: number,
    value: string | null,
    options: KvsPutOptions = {},
  ): Promise<KvsLine> {
    const ttl = givenSeconds(options.ttlSeconds);
    const what = value === null ? { remove: true } : { valor: givenText('value', value), ttl_s: ttl };
    return this.#calls.one(COMPARA, { chave: givenText('key', key), versao: version, ...what }, options);
  }

  /** Removes a version of a key, or all of them. @returns how many versions went; 0 if there was none */
  async remove(key: string, options: KvsRemoveOptions = {}): Promise<number> {
    try {
      const { versions } = await this.#calls.one(
        REMOVE,
        { chave: givenText('key', key), versao: options.version ?? 0 },
        options,
      );
      return versions;
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  }

  /** Removes every version of a key but the newest. @returns the newest; `undefined` if there is none */
  async trim(key: string, options: KvsWriteOptions = {}): Promise<KvsLine | undefined> {
    try {
      return await this.#calls.one(APARA, { chave: givenText('key', key) }, options);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /**
   * Sets, renews or lifts when the latest version of a key expires: writes a version with the same value. Rejects with
   * CHAVE_INEXISTENTE if there is none.
   * @param ttlSeconds `undefined`: never
   */
  async expire(key: string, ttlSeconds: number | undefined, options: KvsWriteOptions = {}): Promise<KvsLine> {
    const pair = { chave: givenText('key', key), ttl_s: givenSeconds(ttlSeconds) };
    return this.#calls.one(EXPIRA, pair, options);
  }

  /** Every version of a key, oldest first. */
  history(key: string, options: KvsCallOptions = {}): KvsLines {
    return linesOf(() => this.#history(key, options));
  }

  /** The keys of a range that have a value, each with its latest, in order. */
  list(options: KvsListOptions = {}): KvsLines {
    return linesOf(() => this.#list(options));
  }

  /** How many keys of a range have a value, and how many versions these have. */
  async count(options: KvsRange = {}): Promise<KvsCount> {
    return this.#calls.one(CONTA, rangeMessage(options), options);
  }

  /**
   * The changes of a key, of the keys with a prefix, or of all. Goes on by itself, on whichever server: nothing is missed and
   * nothing told twice.
   */
  watch(options: KvsWatchOptions = {}): KvsWatch {
    return new Watching(this.#calls, options);
  }

  /** How the system is, as one of its servers sees it. */
  async status(options: KvsCallOptions = {}): Promise<KvsStatus> {
    return this.#calls.one(ESTADO, {}, options);
  }

  /**
   * The same store over the same connections, with a session of its own.
   * @param token of a session that goes on; absent: a new one
   * @throws KvsError CONFIGURACAO
   */
  session(token?: string): Kvs {
    const session = sessionOf(token ?? true);
    return new Kvs(new Calls(this.#calls.connections, session) as unknown as KvsOptions);
  }

  /** What the session has seen, for another program or a later run; `undefined`: nothing, or there is no session. */
  get sessionToken(): string | undefined {
    const { session } = this.#calls;
    return session?.isMoved === true ? session.token : undefined;
  }

  /** Ends all calls and watches, and closes the connections; those of its sessions too. */
  close(): Promise<void> {
    return this.#calls.connections.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#history(key: string, options: KvsCallOptions): AsyncGenerator<KvsLine, void> {
    let last: KvsLine | undefined;
    const request = { chave: givenText('key', key) };
    const course = { isEndless: false, next: () => request };
    for await (const line of this.#calls.many(HISTORICO, course, options)) {
      // Another server begins with the oldest again.
      if (last !== undefined && !isAfter(line, last)) continue;
      last = line;
      yield line;
    }
  }

  async *#list(options: KvsListOptions): AsyncGenerator<KvsLine, void> {
    const { limit, keysOnly = false, version, at } = options;
    const range = rangeMessage(options);
    let [told, after] = [0, options.after ?? ''];
    const next = (): object => ({
      ...{ ...range, depois: after },
      ...{ so_chaves: keysOnly, limite: limit === undefined ? 0 : limit - told },
      ...(version !== undefined && { versao: version }),
      ...(at !== undefined && { em_ms: Number(at) }),
    });
    if (limit === 0) return;
    for await (const line of this.#calls.many(LISTA, { isEndless: false, next }, options)) {
      // The empty key cannot be said as the one after which to go on.
      if (told > 0 && line.key === after) continue;
      [told, after] = [told + 1, line.key];
      yield line;
      if (told === limit) return;
    }
  }
}

function rangeMessage({ prefix, from, to, after }: KvsRange): object {
  return {
    ...{ prefixo: optionalText('prefix', prefix), de: optionalText('from', from) },
    ...{ ate: optionalText('to', to), depois: optionalText('after', after) },
  };
}

function linesOf(open: () => AsyncGenerator<KvsLine, void>): KvsLines {
  return {
    [Symbol.asyncIterator]: open,
    toArray: async () => {
      const lines: KvsLine[] = [];
      for await (const line of open()) lines.push(line);
      return lines;
    },
  };
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof KvsError && (error.code === 'CHAVE_INEXISTENTE' || error.code === 'VERSAO_INEXISTENTE')
  );
}
