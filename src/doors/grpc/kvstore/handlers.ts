import type { handleUnaryCall } from '@grpc/grpc-js';
import { inserting, unary, type DoorContext } from '../calls/handlers.js';
import { andThen, type Operation } from '../calls/operation.js';
import { checkedKey, checkedValue } from '../checks.js';
import { isExpected, reason } from '../errors.js';
import type { Decoded, KeyRequest, KeyValueRequest } from '../wire/messages.js';
import type { GetOutcome, PutOutcome } from './wire.js';

/** Keys and values of this door may be empty. */
const MINIMUM_CHARS = 0;

/** The RPCs of `kvstore.KvStore`, by their names. */
export interface KvStoreHandlers {
  readonly Put: handleUnaryCall<Decoded<KeyValueRequest>, PutOutcome>;
  readonly Get: handleUnaryCall<Decoded<KeyRequest>, GetOutcome>;
}

/**
 * A request that is refused is answered with its reason in `error_message`; what a client may try again elsewhere, and
 * what is full or broken, ends the call with a status, as on `kvs.KVS`. A key without versions is no error: an empty
 * list and no message. Where the engine keeps no concurrent writes there is one version at most.
 */
export function kvStoreHandlers(context: DoorContext): KvStoreHandlers {
  const { put, get } = kvStoreOperations();
  return {
    Put: inserting(
      put,
      (error) => (isExpected(error) ? { error: reason(error) } : undefined),
      context,
      () => undefined,
    ),
    Get: unary(
      get,
      (error) => (isExpected(error) ? { heads: [], error: reason(error) } : undefined),
      context,
    ),
  };
}

interface Operations {
  readonly put: Operation<KeyValueRequest, PutOutcome>;
  readonly get: Operation<KeyRequest, GetOutcome>;
}

const DONE: PutOutcome = Object.freeze({ error: undefined });

function kvStoreOperations(): Operations {
  return {
    put(request, { engine }, attempt) {
      const key = checkedKey(request, MINIMUM_CHARS);
      return andThen(
        engine.write({ kind: 'insert', key, value: checkedValue(request, MINIMUM_CHARS), attempt }),
        () => DONE,
      );
    },
    get(request, { engine }) {
      const key = checkedKey(request, MINIMUM_CHARS);
      return andThen(engine.read({ kind: 'heads', key }), (heads) => ({ heads, error: undefined }));
    },
  };
}
