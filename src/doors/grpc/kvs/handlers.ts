import type { handleBidiStreamingCall, handleServerStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import { bidirectional, inserting, serverStreaming, unary, type DoorContext } from '../calls/handlers.js';
import { namedVersion } from '../checks.js';
import { isExpected } from '../errors.js';
import type { Decoded, KeyValueRequest, KeyVersionRequest, Tuple } from '../wire/messages.js';
import type { Refusal } from '../calls/operation.js';
import { BLANK_TUPLE, kvsOperations, REFUSED_VERSION } from './operations.js';
import type { VersionRequest } from './wire.js';

/** The seven RPCs of `kvs.KVS`, by their names. */
export interface KvsHandlers {
  readonly Insere: handleUnaryCall<Decoded<KeyValueRequest>, number>;
  readonly Consulta: handleUnaryCall<Decoded<KeyVersionRequest>, Tuple>;
  readonly Remove: handleUnaryCall<Decoded<KeyVersionRequest>, number>;
  readonly InsereVarias: handleBidiStreamingCall<Decoded<KeyValueRequest>, number>;
  readonly ConsultaVarias: handleBidiStreamingCall<Decoded<KeyVersionRequest>, Tuple>;
  readonly RemoveVarias: handleBidiStreamingCall<Decoded<KeyVersionRequest>, number>;
  readonly Snapshot: handleServerStreamingCall<Decoded<VersionRequest>, Tuple>;
}

/** @param minimumChars fewest characters of a key and of a value */
export function kvsHandlers(context: DoorContext, minimumChars: number): KvsHandlers {
  const { insert, query, remove } = kvsOperations(minimumChars);
  const refused = orStatus(REFUSED_VERSION);
  const blank = orStatus(BLANK_TUPLE);
  return {
    Insere: inserting(insert, refused, context, asWritten),
    Consulta: unary(query, blank, context),
    Remove: unary(remove, refused, context, asWritten),
    InsereVarias: bidirectional(insert, refused, context, asWritten),
    ConsultaVarias: bidirectional(query, blank, context),
    RemoveVarias: bidirectional(remove, refused, context, asWritten),
    Snapshot: serverStreaming(
      {
        rows: ({ version }: VersionRequest, { engine }) =>
          engine.scan({ kind: 'snapshot', version: namedVersion(version) }),
        answer: (row): Tuple => row,
        whenEmpty: BLANK_TUPLE,
      },
      context,
    ),
  };
}

/** The answer of a write is the version; 0: all of them. */
const asWritten = (version: number): number | undefined => (version > 0 ? version : undefined);

/** The given answer to expected errors; the others end the call. */
function orStatus<Res>(answer: Res): Refusal<Res> {
  return (error) => (isExpected(error) ? answer : undefined);
}
