import type { handleBidiStreamingCall, handleServerStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import { bidirectional, inserting, serverStreaming, unary, type DoorContext } from '../calls/handlers.js';
import { neverAnswered } from '../calls/operation.js';
import type { Decoded, KeyValueRequest, KeyVersionRequest, Tuple } from '../wire/messages.js';
import { keyValueOperations } from './operations.js';
import type { PutReply, RangeRequest } from './wire.js';

/** The nine RPCs of `KeyValueStore`, by their names. Its answers have no room for errors: all of them are statuses. */
export interface KeyValueHandlers {
  readonly Get: handleUnaryCall<Decoded<KeyVersionRequest>, Tuple>;
  readonly GetRange: handleServerStreamingCall<Decoded<RangeRequest>, Tuple>;
  readonly GetAll: handleBidiStreamingCall<Decoded<KeyVersionRequest>, Tuple>;
  readonly Put: handleUnaryCall<Decoded<KeyValueRequest>, PutReply>;
  readonly PutAll: handleBidiStreamingCall<Decoded<KeyValueRequest>, PutReply>;
  readonly Del: handleUnaryCall<Decoded<KeyVersionRequest>, Tuple>;
  readonly DelRange: handleServerStreamingCall<Decoded<RangeRequest>, Tuple>;
  readonly DelAll: handleBidiStreamingCall<Decoded<KeyVersionRequest>, Tuple>;
  readonly Trim: handleUnaryCall<Decoded<KeyVersionRequest>, Tuple>;
}

export function keyValueHandlers(context: DoorContext): KeyValueHandlers {
  const { get, put, del, trim, range, rangeToRemove, show, remove } = keyValueOperations();
  return {
    Get: unary(get, neverAnswered, context),
    GetRange: serverStreaming({ rows: range, answer: show }, context),
    GetAll: bidirectional(get, neverAnswered, context),
    Put: inserting(put, neverAnswered, context, versionOf),
    PutAll: bidirectional(put, neverAnswered, context, versionOf),
    Del: unary(del, neverAnswered, context, versionOf),
    DelRange: serverStreaming({ rows: rangeToRemove, answer: remove, written: versionOf }, context),
    DelAll: bidirectional(del, neverAnswered, context, versionOf),
    Trim: unary(trim, neverAnswered, context, versionOf),
  };
}

const versionOf = ({ version }: { readonly version: number }): number | undefined =>
  version > 0 ? version : undefined;
