/** The rules of `KeyValueStore` for one request: check, engine, answer. The same for unary calls and for streams. */
import type { Awaitable, RangeRow, Row, Stream } from '../../../ports/engine.js';
import type { Caller } from '../calls/admission.js';
import { andThen, type Operation } from '../calls/operation.js';
import { checkedKey, checkedValue, namedVersion } from '../checks.js';
import type { KeyRequest, KeyValueRequest, KeyVersionRequest, Tuple } from '../wire/messages.js';
import type { PutReply, RangeRequest } from './wire.js';

/** Keys and values of this door may be empty. */
const MINIMUM_CHARS = 0;

/** Versions in requests and answers are the timestamps of rows. Answers to what is not there: the key, and blanks. */
export interface Operations {
  readonly get: Operation<KeyVersionRequest, Tuple>;
  readonly put: Operation<KeyValueRequest, PutReply>;
  /** Removes every version, whatever version is named. */
  readonly del: Operation<KeyVersionRequest, Tuple>;
  readonly trim: Operation<KeyVersionRequest, Tuple>;
  /** The keys of a range. @throws KvsError of the checks and of the engine */
  readonly range: (request: RangeRequest, caller: Caller) => Stream<RangeRow>;
  /** The same for who may remove them. */
  readonly rangeToRemove: Operations['range'];
  /** The answer of `GetRange` for a key. */
  readonly show: (found: RangeRow) => Tuple;
  /** Removes a key; `undefined` if somebody else removed it first: then it is not in the range any more. */
  readonly remove: (found: RangeRow, caller: Caller) => Awaitable<Tuple | undefined>;
}

export function keyValueOperations(): Operations {
  const keyOf = (request: KeyRequest): string => checkedKey(request, MINIMUM_CHARS);
  const range: Operations['range'] = ({ from, to }, { engine }) =>
    engine.scan({
      kind: 'range',
      from: keyOf(from),
      to: keyOf(to),
      timestamp: namedVersion(Math.max(from.version, to.version)),
    });
  return {
    get(request, { engine }) {
      const key = keyOf(request);
      return andThen(engine.read({ kind: 'instant', key, timestamp: namedVersion(request.version) }), (row) =>
        reply(key, row),
      );
    },

    put(request, { engine }, attempt) {
      const key = keyOf(request);
      return andThen(
        engine.write({ kind: 'put', key, value: checkedValue(request, MINIMUM_CHARS), attempt }),
        ({ row, previous }) => ({
          key,
          oldValue: previous?.value ?? '',
          oldVersion: previous?.timestamp ?? 0,
          version: row.timestamp,
        }),
      );
    },

    del(request, { engine }) {
      const key = keyOf(request);
      return andThen(engine.write({ kind: 'removeAll', key }), (row) => reply(key, row));
    },

    trim(request, { engine }) {
      const key = keyOf(request);
      return andThen(engine.write({ kind: 'trim', key }), (row) => reply(key, row));
    },

    range,

    rangeToRemove(request, caller) {
      // Also where the range is empty: what is refused must not depend on what is there.
      caller.assertMay('write', keyOf(request.from));
      return range(request, caller);
    },

    show: ({ key, row }) => reply(key, row),

    remove: ({ key }, { engine }) =>
      andThen(engine.write({ kind: 'removeAll', key }), (row) =>
        row === undefined ? undefined : reply(key, row),
      ),
  };
}

function reply(key: string, row: Row | undefined): Tuple {
  return row === undefined
    ? { key, value: '', version: 0 }
    : { key, value: row.value, version: row.timestamp };
}
