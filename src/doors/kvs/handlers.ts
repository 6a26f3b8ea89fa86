import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  sendUnaryData,
} from '@grpc/grpc-js';
import { KvsError } from '../../core/errors.js';
import type { Awaitable, Engine } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import { errorTrailer, grpcStatus, isExpected, logUnexpected, reason } from '../errors.js';
import type { OpenStreams } from '../open-streams.js';
import { Conversation } from './conversation.js';
import { BLANK_TUPLE, kvsOperations, REFUSED_VERSION, type Operation } from './operations.js';
import { sendSnapshot } from './snapshot.js';
import type { Decoded, KeyValueRequest, KeyVersionRequest, Tuple, VersionRequest } from './wire.js';

/** What the handlers of one server share. */
export interface DoorContext {
  readonly engine: Engine;
  /** Fewest characters of a key and of a value. */
  readonly minimumChars: number;
  readonly logger: Logger;
  readonly openStreams: OpenStreams;
}

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

export function kvsHandlers(context: DoorContext): KvsHandlers {
  const { insert, query, remove } = kvsOperations(context.engine, context.minimumChars);
  return {
    Insere: unary(insert, REFUSED_VERSION, context.logger),
    Consulta: unary(query, BLANK_TUPLE, context.logger),
    Remove: unary(remove, REFUSED_VERSION, context.logger),
    InsereVarias: bidirectional(insert, REFUSED_VERSION, context),
    ConsultaVarias: bidirectional(query, BLANK_TUPLE, context),
    RemoveVarias: bidirectional(remove, REFUSED_VERSION, context),
    Snapshot: (call) => {
      void sendSnapshot(call, context.engine, context.logger);
    },
  };
}

/** @param refusal the answer to an expected error */
function unary<Req, Res>(
  operation: Operation<Req, Res>,
  refusal: Res,
  logger: Logger,
): handleUnaryCall<Decoded<Req>, Res> {
  function refuse(thrown: unknown, reply: sendUnaryData<Res>): void {
    const error = KvsError.from(thrown);
    if (isExpected(error)) {
      reply(null, refusal, errorTrailer(reason(error)));
    } else {
      logUnexpected(logger, error);
      reply(grpcStatus(error));
    }
  }

  return (call, reply) => {
    let answer: Awaitable<Res>;
    try {
      if (call.request instanceof KvsError) throw call.request;
      answer = operation(call.request);
    } catch (thrown) {
      refuse(thrown, reply);
      return;
    }
    if (answer instanceof Promise) {
      void answer.then(
        (value) => {
          reply(null, value);
        },
        (thrown: unknown) => {
          refuse(thrown, reply);
        },
      );
    } else reply(null, answer);
  };
}

function bidirectional<Req, Res>(
  operation: Operation<Req, Res>,
  refusal: Res,
  context: DoorContext,
): handleBidiStreamingCall<Decoded<Req>, Res> {
  return (call) => {
    context.openStreams.add(call, new Conversation(call, operation, refusal, context.logger));
  };
}
