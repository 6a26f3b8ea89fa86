import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  StatusObject,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Trailers } from '../../../call/call.js';
import { serveConversation } from '../../../call/conversation.js';
import { serveOne } from '../../../call/one.js';
import type { Decoded, DoorOperation, RowsOperation } from '../../../call/operation.js';
import { serveRows } from '../../../call/rows.js';
import type { KvsError } from '../../../core/errors.js';
import { grpcStatus } from '../errors.js';
import { grpcLimits } from '../limits.js';
import type { GrpcService } from '../service.js';
import { Conversation } from './conversation.js';
import { GrpcCall, GrpcUnaryCall, metadataOf } from './grpc-call.js';
import type { DoorContext } from './grpc-call.js';
import { isOver, sendRows } from './rows.js';

/** The handlers of a service, by the names of its RPCs. */
export function handlersOf(
  { definition, operations }: GrpcService,
  context: DoorContext,
): UntypedServiceImplementation {
  const handlers: UntypedServiceImplementation = {};
  for (const [name, operation] of Object.entries(operations)) {
    if ('rows' in operation) handlers[name] = serverStreaming(operation, context);
    else if (typeof operation === 'function') handlers[name] = bidirectional(operation, context);
    else if (definition[name]?.requestStream) handlers[name] = bidirectional(() => operation, context);
    else handlers[name] = unary(operation, context);
  }
  return handlers;
}

/** One request, one answer. */
function unary<Req, Res>(
  operation: DoorOperation<Req, Res>,
  context: DoorContext,
): handleUnaryCall<Decoded<Req>, Res> {
  return (incoming, reply) => {
    const call = new GrpcUnaryCall(incoming, context, reply);
    serveOne(context, call, incoming.request, operation, call);
  };
}

/** An answer for each request, in order, as requests arrive. */
function bidirectional<Req, Res>(
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

/** One request, and a stream of answers read from the engine at the reader's pace. */
function serverStreaming<Req, T, Res>(
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

/** Ends a call with a status after the answers already written, unless it is already over. */
function endWith(call: OpenCall, error: KvsError, trailers: Trailers | undefined): void {
  if (!isOver(call)) call.emit('error', grpcStatus(error, metadataOf(trailers)));
}

interface OpenCall {
  readonly cancelled: boolean;
  readonly destroyed: boolean;
  emit(event: 'error', status: StatusObject): boolean;
}
