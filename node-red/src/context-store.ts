import { readFile } from 'node:fs/promises';
import { KvsError } from '../../src/client/library/index.js';
import type { Kvs } from '../../src/client/library/index.js';
import { Turns } from '../../src/core/turns.js';
import { contextPath, partOf, withPart } from './context-path.js';
import type { ContextPath } from './context-path.js';
import { jsonText } from './fields.js';
import { redLimits } from './limits.js';
import { kvsOptions, text, timeoutOf } from './options.js';
import type { GivenServers } from './options.js';
import { StoreAccess, StoreFailure } from './store.js';

/** What `settings.js` says of a context store. */
export interface ContextConfig extends GivenServers {
  /** Keys of the store begin with this. */
  readonly prefixo?: unknown;
  readonly token?: unknown;
  /** A file whose first line is the token. */
  readonly credencial?: unknown;
}

type Answer = (error?: unknown, ...values: unknown[]) => void;

const PREFIX = 'node-red/';

/**
 * A context store of Node-RED (https://nodered.org/docs/api/context/store) over the fleet. Every value is a key
 * `<prefix><scope>/<name>` that holds JSON; instances with one prefix share them. Nothing is cached: what another instance
 * wrote is seen, and so reading is asynchronous. Every call ends within its deadline.
 */
export class ContextStore {
  private readonly store: StoreAccess;
  private readonly prefix: string;
  /** One key after the other in the order of calls, so that a value is read as it was just set. */
  private readonly turns = new Turns();
  private readonly writing = new Set<Promise<unknown>>();
  /** Scopes that this instance has used, in order of use. */
  private readonly used = new Set<string>();
  /** Whether this engine compares before it writes; unknown until it was asked. */
  private compares = true;
  private complainedMs = -Infinity;

  /** @throws KvsError CONFIGURACAO */
  constructor(config: ContextConfig) {
    this.prefix = text(config.prefixo) ?? PREFIX;
    this.store = new StoreAccess(kvsOptions(config, tokenOf(config)), timeoutOf(config));
    // Wrong settings are said when Node-RED starts, not by each flow.
    this.store.check();
  }

  /** Contacts nobody: Node-RED starts also while no server answers. */
  open(): Promise<void> {
    return Promise.resolve();
  }

  /** Ends once what was set is written, or has failed. */
  async close(): Promise<void> {
    await Promise.allSettled(this.writing);
    await this.store.close();
  }

  /**
   * @param key one or several; each of them is an argument of the callback
   * @throws Error without a callback: this store is asynchronous
   */
  get(scope: string, key: string | readonly string[], callback?: Answer): void {
    const answer = required(callback);
    this.use(scope);
    const keys = typeof key === 'string' ? [key] : key;
    const read = async (): Promise<unknown[]> => {
      const paths = keys.map(contextPath);
      return this.store.call(false, (kvs, signal) =>
        Promise.all(paths.map((path) => this.read(kvs, signal, scope, path))),
      );
    };
    void settle(read(), answer);
  }

  /**
   * @param key one or several, with as many values; one without a value becomes `null`, and `undefined` removes one
   * @param callback absent: a failure is written to the log
   */
  set(scope: string, key: string | readonly string[], value: unknown, callback?: Answer): void {
    this.use(scope);
    const keys = typeof key === 'string' ? [key] : key;
    const values = typeof key === 'string' || !Array.isArray(value) ? [value] : (value as unknown[]);
    const write = async (): Promise<unknown[]> => {
      const pairs = keys.map(
        (one, at) => [contextPath(one), at < values.length ? values[at] : null] as const,
      );
      // As it is now: the flow may change it meanwhile.
      const texts = pairs.map(
        ([path, one]) => [path, one === undefined ? undefined : jsonText(one, path[0])] as const,
      );
      await this.store.call(true, async (kvs, signal) => {
        await Promise.all(texts.map(([path, json]) => this.write(kvs, signal, scope, path, json)));
      });
      return [];
    };
    const written = write();
    this.writing.add(written);
    void settle(written, callback ?? ((error) => this.complain(error))).then(() =>
      this.writing.delete(written),
    );
  }

  /** @throws Error without a callback */
  keys(scope: string, callback?: Answer): void {
    const answer = required(callback);
    const list = async (): Promise<unknown[]> => {
      await Promise.allSettled(this.writing);
      return [await this.store.call(false, (kvs, signal) => this.names(kvs, signal, scope))];
    };
    void settle(list(), answer);
  }

  /** Removes everything of a scope. */
  async delete(scope: string): Promise<void> {
    try {
      await this.store.call(true, async (kvs, signal) => {
        for (const name of await this.names(kvs, signal, scope)) {
          await kvs.remove(this.keyOf(scope, name), { signal });
        }
      });
      this.used.delete(scope);
    } catch (error) {
      throw new StoreFailure(error);
    }
  }

  /**
   * Called after each deployment with all nodes that there are. Removes scopes of nodes and flows that are no more, of those
   * that this instance has used: the others may be of instances with other flows. A failure does not stop the deployment.
   */
  async clean(activeNodes: readonly string[]): Promise<void> {
    const active = new Set(activeNodes);
    for (const scope of [...this.used]) {
      const [id = ''] = scope.split(':');
      if (scope === 'global' || active.has(id)) continue;
      await this.delete(scope).catch((error: unknown) => this.complain(error));
    }
  }

  private keyOf(scope: string, name: string): string {
    return `${this.prefix}${scope}/${name}`;
  }

  private async names(kvs: Kvs, signal: AbortSignal, scope: string): Promise<string[]> {
    const prefix = this.keyOf(scope, '');
    const most = redLimits.contextKeys;
    const lines = await kvs.list({ prefix, keysOnly: true, limit: most + 1, signal }).toArray();
    if (lines.length <= most) return lines.map(({ key }) => key.slice(prefix.length));
    throw new KvsError('LIMITE_CHAVES', `o contexto ${scope} tem mais de ${most} chaves`);
  }

  private read(
    kvs: Kvs,
    signal: AbortSignal,
    scope: string,
    [name, ...inside]: ContextPath,
  ): Promise<unknown> {
    const key = this.keyOf(scope, name);
    return this.turns.run(key, async () => {
      signal.throwIfAborted();
      return partOf(parsed(await kvs.get(key, { signal })), inside);
    });
  }

  private write(
    kvs: Kvs,
    signal: AbortSignal,
    scope: string,
    [name, ...inside]: ContextPath,
    json: string | undefined,
  ): Promise<void> {
    const key = this.keyOf(scope, name);
    return this.turns.run(key, async () => {
      signal.throwIfAborted();
      if (inside.length > 0) await this.writePart(kvs, signal, key, inside, json);
      else if (json === undefined) await kvs.remove(key, { signal });
      else await kvs.put(key, json, { signal });
    });
  }

  /** Reads a value, and writes it with another part: where the engine compares, nothing of another instance is overwritten. */
  private async writePart(
    kvs: Kvs,
    signal: AbortSignal,
    key: string,
    inside: readonly (string | number)[],
    json: string | undefined,
  ): Promise<void> {
    const part = json === undefined ? undefined : (JSON.parse(json) as unknown);
    for (let attempt = 1; ; attempt++) {
      const line = await kvs.get(key, { signal });
      const next = withPart(parsed(line), inside, part);
      if (next === undefined) return;
      const text = JSON.stringify(next);
      try {
        if (this.compares) await kvs.compare(key, line?.version ?? 0, text, { signal });
        else await kvs.put(key, text, { signal });
        return;
      } catch (error) {
        const code = error instanceof KvsError ? error.code : undefined;
        if (code === 'NAO_SUPORTADO' && this.compares) this.compares = false;
        else if (code !== 'VERSAO_OUTRA' || attempt >= redLimits.partAttempts) throw error;
      }
    }
  }

  private use(scope: string): void {
    this.used.delete(scope);
    this.used.add(scope);
    const [oldest] = this.used;
    if (this.used.size > redLimits.contextScopes && oldest !== undefined) this.used.delete(oldest);
  }

  /** Node-RED gives such a store no log of its own. */
  private complain(error: unknown): void {
    if (!error) return;
    const nowMs = performance.now();
    if (nowMs - this.complainedMs < redLimits.complaintEveryMs) return;
    this.complainedMs = nowMs;
    process.stderr.write(`contexto kvs: ${new StoreFailure(error).message}\n`);
  }
}

function parsed(line: { readonly key: string; readonly value: string } | undefined): unknown {
  if (line === undefined) return undefined;
  try {
    return JSON.parse(line.value) as unknown;
  } catch {
    throw new KvsError('VALOR_INVALIDO', `o valor de ${line.key} não é JSON: outro programa o escreveu`);
  }
}

function required(callback: Answer | undefined): Answer {
  if (typeof callback === 'function') return callback;
  throw new Error('este contexto só responde a uma função: get(chave, loja, (erro, valor) => …)');
}

/** Calls back once. What the callback throws is its own: outside of the promise, as from any other callback. */
async function settle(work: Promise<unknown[]>, answer: Answer): Promise<void> {
  let reply: () => void;
  try {
    const values = await work;
    reply = () => answer(undefined, ...values);
  } catch (error) {
    const isInvalid = error instanceof Error && 'code' in error && error.code === 'INVALID_EXPR';
    const failure = isInvalid ? error : new StoreFailure(error);
    reply = () => answer(failure);
  }
  setImmediate(reply);
}

/** The token: given, or in a file that is read for each call, so that it can be exchanged. */
function tokenOf({ token, credencial }: ContextConfig): (() => Promise<string>) | string | undefined {
  const file = text(credencial);
  if (file === undefined) return text(token);
  return async () => {
    try {
      const [line = ''] = (await readFile(file, 'utf8')).split(/\r?\n/, 1);
      return line.trim();
    } catch (error) {
      throw new KvsError('CONFIGURACAO', `não consegui ler o token em ${file}`, { cause: error });
    }
  };
}
