/** The rules of `KeyValueStore` for one request: check, engine, answer. The same for unary calls and for streams. */
import { andThen, neverAnswered } from '../../../call/operation.js';
import type { DoorOperation, RowsOperation } from '../../../call/operation.js';
import type { RangeRow, Row } from '../../../ports/engine.js';
import { checkedKey, checkedValue, namedVersion } from '../checks.js';
import type { KeyRequest, KeyValueRequest, KeyVersionRequest, Tuple } from '../wire/messages.js';
import type { PutReply, RangeRequest } from './wire.js';

/** Keys and values of this door may be empty. */
const MINIMUM_CHARS = 0;

/** Versions in requests and answers are the timestamps of rows. If nothing is found: the key, and blanks. */
interface KeyValueOperations {
  readonly get: DoorOperation<KeyVersionRequest, Tuple>;
  readonly put: DoorOperation<KeyValueRequest, PutReply>;
  /** Removes all versions, whatever version is named. */
  readonly del: DoorOperation<KeyVersionRequest, Tuple>;
  readonly trim: DoorOperation<KeyVersionRequest, Tuple>;
  readonly getRange: RowsOperation<RangeRequest, RangeRow, Tuple>;
  /** Omits rows that others removed first, since they are no longer in the range. */
  readonly delRange: RowsOperation<RangeRequest, RangeRow, Tuple>;
}

/** The answers of this door have no field for errors. */
export function keyValueOperations(): KeyValueOperations {
  const keyOf = (request: KeyRequest): string => checkedKey(request, MINIMUM_CHARS);
  const range: KeyValueOperations['getRange']['rows'] = ({ from, to }, { engine }) =>
    engine.scan({
      kind: 'range',
      from: keyOf(from),
      to: keyOf(to),
      timestamp: namedVersion(Math.max(from.version, to.version)),
    });
  return {
    get: {
      run: (request, { engine }) => {
        const key = keyOf(request);
        return andThen(
          engine.read({ kind: 'instant', key, timestamp: namedVersion(request.version) }),
          (row) => reply(key, row),
        );
      },
      refusal: neverAnswered,
    },

    put: {
      run: (request, { engine }, attempt, ttlMs) => {
        const key = keyOf(request);
        return andThen(
          engine.write({ kind: 'put', key, value: checkedValue(request, MINIMUM_CHARS), attempt, ttlMs }),
          ({ row, previous }) => ({
            key,
            oldValue: previous?.value ?? '',
            oldVersion: previous?.timestamp ?? 0,
            version: row.timestamp,
          }),
        );
      },
      refusal: neverAnswered,
      written: versionOf,
      takesAttempts: true,
      ttl: 'taken',
    },

    del: {
      run: (request, { engine }) => {
        const key = keyOf(request);
        return andThen(engine.write({ kind: 'removeAll', key }), (row) => reply(key, row));
      },
      refusal: neverAnswered,
      written: versionOf,
    },

    trim: {
      run: (request, { engine }) => {
        const key = keyOf(request);
        return andThen(engine.write({ kind: 'trim', key }), (row) => reply(key, row));
      },
      refusal: neverAnswered,
      written: versionOf,
    },

    getRange: { rows: range, answer: ({ key, row }) => reply(key, row) },

    delRange: {
      rows: (request, caller) => {
        // Checked even if the range is empty: a refusal must not depend on what is there.
        caller.assertMay('write', keyOf(request.from), 'key');
        return range(request, caller);
      },
      answer: ({ key }, { engine }) =>
        andThen(engine.write({ kind: 'removeAll', key }), (row) =>
          row === undefined ? undefined : reply(key, row),
        ),
      written: versionOf,
    },
  };
}

const versionOf = ({ version }: { readonly version: number }): number | undefined =>
  version > 0 ? version : undefined;

function reply(key: string, row: Row | undefined): Tuple {
  return row === undefined
    ? { key, value: '', version: 0 }
    : { key, value: row.value, version: row.timestamp };
}
