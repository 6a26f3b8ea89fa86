import type { handleBidiStreamingCall, handleServerStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import type { Decoded } from '../../../call/operation.js';
import type { DoorContext } from '../calls/grpc-call.js';
import { bidirectional, serverStreaming, unary } from '../calls/handlers.js';
import type { KeyValueRequest, KeyVersionRequest, Tuple } from '../wire/messages.js';
import { keyValueOperations } from './operations.js';
import type { PutReply, RangeRequest } from './wire.js';

/** The nine RPCs of `KeyValueStore`, by their names. */
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
  const { get, put, del, trim, getRange, delRange } = keyValueOperations();
  return {
    Get: unary(get, context),
    GetRange: serverStreaming(getRange, context),
    GetAll: bidirectional(get, context),
    Put: unary(put, context),
    PutAll: bidirectional(put, context),
    Del: unary(del, context),
    DelRange: serverStreaming(delRange, context),
    DelAll: bidirectional(del, context),
    Trim: unary(trim, context),
  };
}
