import type { handleBidiStreamingCall, handleServerStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import type { Decoded } from '../../../call/operation.js';
import type { DoorContext } from '../calls/grpc-call.js';
import { bidirectional, serverStreaming, unary } from '../calls/handlers.js';
import type { KeyValueRequest, KeyVersionRequest, Tuple } from '../wire/messages.js';
import { kvsOperations } from './operations.js';
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
  const { insert, query, remove, snapshot } = kvsOperations(minimumChars);
  return {
    Insere: unary(insert, context),
    Consulta: unary(query, context),
    Remove: unary(remove, context),
    InsereVarias: bidirectional(insert, context),
    ConsultaVarias: bidirectional(query, context),
    RemoveVarias: bidirectional(remove, context),
    Snapshot: serverStreaming(snapshot, context),
  };
}
