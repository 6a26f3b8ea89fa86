import { andThen } from '../../../call/operation.js';
import type { DoorOperation } from '../../../call/operation.js';
import { reason } from '../../../call/reason.js';
import { checkedKey, checkedValue } from '../checks.js';
import { isExpected } from '../errors.js';
import type { KeyRequest, KeyValueRequest } from '../wire/messages.js';
import type { GetOutcome, PutOutcome } from './wire.js';

/** Keys and values of this door may be empty. */
const MINIMUM_CHARS = 0;

interface KvStoreOperations {
  readonly put: DoorOperation<KeyValueRequest, PutOutcome>;
  readonly get: DoorOperation<KeyRequest, GetOutcome>;
}

const DONE: PutOutcome = Object.freeze({ error: undefined });

/**
 * The rules of `kvstore.KvStore` for one request: check, engine, answer.
 *
 * A refused request is answered with the reason in `error_message`. Errors after which a client may try another server,
 * and full or broken servers, end the call with a status, as on `kvs.KVS`. A key without versions is no error: the list
 * is empty, without a message. An engine without concurrent writes gives at most one version.
 */
export const kvStoreOperations: KvStoreOperations = {
  put: {
    run: (request, { engine }, attempt, ttlMs) => {
      const key = checkedKey(request, MINIMUM_CHARS);
      return andThen(
        engine.write({ kind: 'insert', key, value: checkedValue(request, MINIMUM_CHARS), attempt, ttlMs }),
        () => DONE,
      );
    },
    refusal: (error) => (isExpected(error) ? { error: reason(error) } : undefined),
    written: () => undefined,
    takesAttempts: true,
    ttl: 'taken',
  },
  get: {
    run: (request, { engine }) => {
      const key = checkedKey(request, MINIMUM_CHARS);
      return andThen(engine.read({ kind: 'heads', key }), (heads) => ({ heads, error: undefined }));
    },
    refusal: (error) => (isExpected(error) ? { heads: [], error: reason(error) } : undefined),
  },
};
