/** The rules of `kvs.KVS` for one request: check, engine, answer. The same for unary calls and for streams. */
import { andThen } from '../../../call/operation.js';
import type { AnswerRefusal, DoorOperation, RowsOperation } from '../../../call/operation.js';
import { KvsError } from '../../../core/errors.js';
import type { Awaitable, Engine, Row } from '../../../ports/engine.js';
import { checkedKey, checkedValue, isShorter, namedVersion, shortKey } from '../checks.js';
import { isExpected } from '../errors.js';
import type { KeyValueRequest, KeyVersionRequest, Tuple } from '../wire/messages.js';
import type { VersionRequest } from './wire.js';

/** The contract's number for "error". */
const REFUSED_VERSION = -1;

/** The answer if nothing is found. */
const BLANK_TUPLE: Tuple = Object.freeze({ key: '', value: '', version: 0 });

interface KvsOperations {
  /** The new version. */
  readonly insert: DoorOperation<KeyValueRequest, number>;
  /** The row found. Throws CHAVE_INEXISTENTE or VERSAO_INEXISTENTE if there is none. */
  readonly query: DoorOperation<KeyVersionRequest, Tuple>;
  /** The version removed; 0 if all were, because none was named. */
  readonly remove: DoorOperation<KeyVersionRequest, number>;
  readonly snapshot: RowsOperation<VersionRequest, Row, Tuple>;
}

/** The minimum applies to inserts only: other doors, and servers with another minimum, may insert shorter keys. */
const ANY_LENGTH = 0;

/** @param minimumChars fewest characters of an inserted key and value */
export function kvsOperations(minimumChars: number): KvsOperations {
  /** Nothing was found: tells an unknown key from an unknown version. */
  function missing(engine: Engine, key: string, version: number | undefined): Awaitable<never> {
    return andThen(version === undefined ? undefined : engine.read({ kind: 'version', key }), (latest) => {
      if (latest === undefined) throw unknownKey(key);
      throw new KvsError('VERSAO_INEXISTENTE', `a chave não tem versão até ${String(version)}`);
    });
  }

  /** The error for an unknown key: if it is too short for this door, that is the reason. */
  function unknownKey(key: string): KvsError {
    if (isShorter(key, minimumChars)) return shortKey(minimumChars);
    return new KvsError('CHAVE_INEXISTENTE', 'a chave não existe');
  }

  function throwWithReason(error: unknown, key: string): never {
    throw error instanceof KvsError && error.code === 'CHAVE_INEXISTENTE' ? unknownKey(key) : error;
  }

  return {
    insert: {
      run: (request, { engine }, attempt, ttlMs) => {
        const key = checkedKey(request, minimumChars);
        const value = checkedValue(request, minimumChars);
        const inserted = engine.write({ kind: 'insert', key, value, attempt, ttlMs });
        return inserted instanceof Promise ? inserted.then((row) => row.version) : inserted.version;
      },
      refusal: orStatus(REFUSED_VERSION),
      written: asWritten,
      takesAttempts: true,
      ttl: 'taken',
    },

    query: {
      run: (request, { engine }) => {
        const key = checkedKey(request, ANY_LENGTH);
        const version = namedVersion(request.version);
        const found = engine.read({ kind: 'version', key, version });
        if (found instanceof Promise) return found.then((row) => row ?? missing(engine, key, version));
        return found ?? missing(engine, key, version);
      },
      refusal: orStatus(BLANK_TUPLE),
    },

    remove: {
      run: (request, { engine }) => {
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
      refusal: orStatus(REFUSED_VERSION),
      written: asWritten,
    },

    snapshot: {
      rows: ({ version }, { engine }) => engine.scan({ kind: 'snapshot', version: namedVersion(version) }),
      answer: (row) => row,
      whenEmpty: BLANK_TUPLE,
    },
  };
}

/** The version in a write's answer; 0 stands for all versions. */
const asWritten = (version: number): number | undefined => (version > 0 ? version : undefined);

/** Gives the answer for expected errors; other errors end the call. */
function orStatus<Res>(answer: Res): AnswerRefusal<Res> {
  return (error) => (isExpected(error) ? answer : undefined);
}
