/** The rules of `kvs.KVS` for one request: check, engine, answer. The same for unary calls and for streams. */
import { KvsError } from '../../../core/errors.js';
import type { Awaitable, Engine } from '../../../ports/engine.js';
import { andThen, type Operation } from '../calls/operation.js';
import { checkedKey, checkedValue, isShorter, namedVersion, shortKey } from '../checks.js';
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

/** The minimum binds inserts: other doors, and servers with another one, insert shorter keys. */
const ANY_LENGTH = 0;

/** @param minimumChars fewest characters of a key and of a value that are inserted */
export function kvsOperations(minimumChars: number): Operations {
  /** Nothing was found: whether the key is unknown, or only such a version of it. */
  function missing(engine: Engine, key: string, version: number | undefined): Awaitable<never> {
    return andThen(version === undefined ? undefined : engine.read({ kind: 'version', key }), (latest) => {
      if (latest === undefined) throw unknownKey(key);
      throw new KvsError('VERSAO_INEXISTENTE', `a chave não tem versão até ${String(version)}`);
    });
  }

  /** That a key is too short for this door is why it does not exist. */
  function unknownKey(key: string): KvsError {
    if (isShorter(key, minimumChars)) return shortKey(minimumChars);
    return new KvsError('CHAVE_INEXISTENTE', 'a chave não existe');
  }

  function throwWithReason(error: unknown, key: string): never {
    throw error instanceof KvsError && error.code === 'CHAVE_INEXISTENTE' ? unknownKey(key) : error;
  }

  return {
    insert(request, { engine }, attempt) {
      const key = checkedKey(request, minimumChars);
      const value = checkedValue(request, minimumChars);
      const inserted = engine.write({ kind: 'insert', key, value, attempt });
      return inserted instanceof Promise ? inserted.then((row) => row.version) : inserted.version;
    },

    query(request, { engine }) {
      const key = checkedKey(request, ANY_LENGTH);
      const version = namedVersion(request.version);
      const found = engine.read({ kind: 'version', key, version });
      if (found instanceof Promise) return found.then((row) => row ?? missing(engine, key, version));
      return found ?? missing(engine, key, version);
    },

    remove(request, { engine }) {
      const key = checkedKey(request, ANY_LENGTH);
      const version = namedVersion(request.version);
      try {
        const removed = engine.write({ kind: 'remove', key, version });
        if (!(removed instanceof Promise)) return version ?? 0;
        return removed.then(
          () => version ?? 0,
          (error: unknown) => throwWithReason(error, key),
        );
      } catch (error) {
        return throwWithReason(error, key);
      }
    },
  };
}
