import { serveConversation } from '../../../call/conversation.js';
import { serveOne } from '../../../call/one.js';
import type { Decoded, DoorOperation, RowsOperation } from '../../../call/operation.js';
import { serveRows } from '../../../call/rows.js';
import { KvsError } from '../../../core/errors.js';
import { grpcStatus } from '../errors.js';
import { grpcLimits } from '../limits.js';
import type { ServedMethod } from '../protocol/calls.js';
import { status } from '../protocol/status.js';
import type { GrpcMethod } from '../service.js';
import { Conversation } from './conversation.js';
import { GrpcCall, GrpcUnaryCall, metadataOf } from './grpc-call.js';
import type { DoorContext } from './grpc-call.js';
import { sendRows } from './rows.js';

/** What serves the calls of an RPC, by what it does. */
export function servedMethod(rpc: GrpcMethod, context: DoorContext): ServedMethod {
  const { operation } = rpc;
  if ('rows' in operation) return rowsMethod(rpc, operation, context);
  if (typeof operation === 'function') return conversationMethod(rpc, operation, context);
  if (rpc.requestStream) return conversationMethod<unknown, unknown>(rpc, () => operation, context);
  return unaryMethod(rpc, operation, context);
}

/** One request, one answer. */
function unaryMethod<Req, Res>(
  { path, decode, encode, maxMessageBytes }: GrpcMethod,
  operation: DoorOperation<Req, Res>,
  context: DoorContext,
): ServedMethod {
  return {
    ...{ isStreaming: false, admits: true, maxMessageBytes },
    serve: (incoming) => {
      incoming.readOne((bytes) => {
        const call = new GrpcUnaryCall<Res>(incoming, context, path, encode);
        serveOne(context, call, decoded(decode, bytes) as Decoded<Req>, operation, call);
      });
    },
  };
}

/** An answer for each request, in order, as requests arrive. */
function conversationMethod<Req, Res>(
  { path, decode, encode }: GrpcMethod,
  begin: () => DoorOperation<Req, Res>,
  context: DoorContext,
): ServedMethod {
  const atOnce = context.engine.capabilities.pipelined === true ? grpcLimits.requestsPerStream : 1;
  return {
    ...{ isStreaming: true, admits: true },
    serve: (incoming) => {
      serveConversation<Req, Res>(context, new GrpcCall(incoming, context, path), begin, {
        converse: (answerer) => {
          if (incoming.isOver()) return;
          const codec = { decode: (bytes: Buffer) => decoded(decode, bytes) as Decoded<Req>, encode };
          incoming.readMany(new Conversation(incoming, answerer, codec, atOnce));
        },
        fail: (error, trailers) => {
          incoming.end(grpcStatus(error, metadataOf(trailers)));
        },
      });
    },
  };
}

/** One request, and a stream of answers read from the engine at the reader's pace. */
function rowsMethod<Req, T, Res>(
  { path, decode, encode }: GrpcMethod,
  operation: RowsOperation<Req, T, Res>,
  context: DoorContext,
): ServedMethod {
  return {
    ...{ isStreaming: true, admits: true },
    serve: (incoming) => {
      incoming.readOne((bytes) => {
        const call = new GrpcCall(incoming, context, path);
        void serveRows(context, call, decoded(decode, bytes) as Decoded<Req>, operation, {
          isOver: () => incoming.isOver(),
          sendAll: (rows, answer) => sendRows(incoming, rows, answer, encode, operation.isEndless === true),
          send: (answer) => {
            incoming.write(encode(answer));
          },
          end: (trailers) => {
            incoming.end({ code: status.OK, details: '', trailers: metadataOf(trailers) });
          },
          fail: (error, trailers) => {
            incoming.end(grpcStatus(error, metadataOf(trailers)));
          },
        });
      });
    },
  };
}

/** The request, or why it is none. */
function decoded(decode: (bytes: Buffer) => unknown, bytes: Buffer): unknown {
  try {
    return decode(bytes);
  } catch (thrown) {
    return KvsError.from(thrown);
  }
}
