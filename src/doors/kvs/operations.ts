/** The rules of `kvs.KVS` for one request: check, engine, answer. The same for unary calls and for streams. */
import { KvsError } from '../../core/errors.js';
import type { Awaitable, Engine } from '../../ports/engine.js';
import { andThen, type Operation } from '../calls/operation.js';
import { checkedKey, checkedValue, namedVersion } from '../checks.js';
import type { KeyValueRequest, KeyVersionRequest, Tuple } from '../wire/messages.js';

/** The answer when a contract's number has to say "error". */
export const REFUSED_VERSION = -1;

/** The answer when there is nothing to show. */
export const BLANK_TUPLE: Tuple = Object.freeze({ key: '', value: '', version: 0 });

export interface Operations {
  /** The new version. */
  readonly insert: Operation<KeyValueRequest, number>;
  /** The row found. Throws CHAVE_INEXISTENTE or VERSAO_INEXISTENTE if there is none. */
  readonly query: Operation<KeyVersionRequest, Tuple>;
  /** The version removed; 0 if all were, because none was named. */
  readonly remove: Operation<KeyVersionRequest, number>;
}

/** @param minimumChars fewest characters of a key and of a value */
export function kvsOperations(minimumChars: number): Operations {
  /** Nothing was found: whether the key is unknown, or only such a version of it. */
  function missing(engine: Engine, key: string, version: number | undefined): Awaitable<never> {
    return andThen(version === undefined ? undefined : engine.query(key, undefined), (latest) => {
      if (latest === undefined) throw new KvsError('CHAVE_INEXISTENTE', 'a chave não existe');
      throw new KvsError('VERSAO_INEXISTENTE', `a chave não tem versão até ${String(version)}`);
    });
  }

  return {
    insert(request, { engine }, attempt) {
      const key = checkedKey(request, minimumChars);
      const value = checkedValue(request, minimumChars);
      const inserted = engine.insert(key, value, attempt);
      return inserted instanceof Promise ? inserted.then((row) => row.version) : inserted.version;
    },

    query(request, { engine }) {
      const key = checkedKey(request, minimumChars);
      const version = namedVersion(request.version);
      const found = engine.query(key, version);
      if (found instanceof Promise) return found.then((row) => row ?? missing(engine, key, version));
      return found ?? missing(engine, key, version);
    },

    remove(request, { engine }) {
      const key = checkedKey(request, minimumChars);
      const version = namedVersion(request.version);
      return andThen(engine.remove(key, version), () => version ?? 0);
    },
  };
}
