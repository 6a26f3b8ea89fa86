import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  StatusObject,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Caller } from '../../../call/admission.js';
import type { Trailers } from '../../../call/call.js';
import { serveConversation } from '../../../call/conversation.js';
import { serveOne } from '../../../call/one.js';
import type { Decoded, DoorOperation, RowsOperation } from '../../../call/operation.js';
import { serveRows } from '../../../call/rows.js';
import type { KvsError } from '../../../core/errors.js';

import { grpcStatus } from '../errors.js';
import { grpcLimits } from '../limits.js';
import { Conversation } from './conversation.js';
import { GrpcCall, GrpcUnaryCall, metadataOf } from './grpc-call.js';
import type { DoorContext } from './grpc-call.js';
import { isOver, sendRows } from './rows.js';

/** One request, one answer. */
export function unary<Req, Res>(
  operation: DoorOperation<Req, Res>,
  context: DoorContext,
): handleUnaryCall<Decoded<Req>, Res> {
  return (incoming, reply) => {
    const call = new GrpcUnaryCall(incoming, context, reply);
    serveOne(context, call, incoming.request, operation, call);
  };
}

/** An answer for each request, in order, as requests arrive. */
export function bidirectional<Req, Res>(
  operation: DoorOperation<Req, Res>,
  context: DoorContext,
): handleBidiStreamingCall<Decoded<Req>, Res> {
  return bidirectionalOf(() => operation, context);
}

/** As {@link bidirectional}. @param begin the operation of one call, which may keep something from request to request */
export function bidirectionalOf<Req, Res>(
  begin: () => DoorOperation<Req, Res>,
  context: DoorContext,
): handleBidiStreamingCall<Decoded<Req>, Res> {
  const atOnce = context.engine.capabilities.pipelined === true ? grpcLimits.requestsPerStream : 1;
  return (incoming) => {
    serveConversation(context, new GrpcCall(incoming, context), begin, {
      converse: (answerer) => {
        if (isOver(incoming)) return;
        context.openStreams.add(incoming, new Conversation(incoming, answerer, atOnce));
      },
      fail: (error, trailers) => {
        endWith(incoming, error, trailers);
      },
    });
  };
}

/** One request, and answers as they are read from the engine, at the reader's pace. */
export function serverStreaming<Req, T, Res>(
  operation: RowsOperation<Req, T, Res>,
  context: DoorContext,
): handleServerStreamingCall<Decoded<Req>, Res> {
  return (incoming) => {
    void serveRows(context, new GrpcCall(incoming, context), incoming.request, operation, {
      isOver: () => isOver(incoming),
      sendAll: (rows, answer) => sendRows(incoming, rows, answer),
      send: (answer) => {
        incoming.write(answer);
      },
      end: (trailers) => {
        incoming.end(metadataOf(trailers));
      },
      fail: (error, trailers) => {
        endWith(incoming, error, trailers);
      },
    });
  };
}

/** The handlers of operations by their names: what has rows is streamed, the others are calls of one request. */
export function bound(
  operations: Readonly<Record<string, AnyOperation>>,
  context: DoorContext,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [
      name,
      'rows' in operation
        ? serverStreaming(operation as RowsOperation<unknown, unknown, unknown>, context)
        : unary(operation as DoorOperation<unknown, unknown>, context),
    ]),
  );
}

/** Each has requests and answers of its own, which its definition decodes and encodes. */
type AnyOperation =
  | { readonly run: (request: never, caller: Caller) => unknown }
  | { readonly rows: (request: never, caller: Caller) => unknown };

/** Ends a call with a status, after the answers already written, unless it is over. */
function endWith(call: OpenCall, error: KvsError, trailers: Trailers | undefined): void {
  if (!isOver(call)) call.emit('error', grpcStatus(error, metadataOf(trailers)));
}

interface OpenCall {
  readonly cancelled: boolean;
  readonly destroyed: boolean;
  emit(event: 'error', status: StatusObject): boolean;
}
