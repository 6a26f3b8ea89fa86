import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  sendUnaryData,
  ServerDuplexStream,
  StatusObject,
} from '@grpc/grpc-js';
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { Awaitable, Engine, Stream } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import { errorTrailer, grpcStatus, logUnexpected, reason } from '../errors.js';
import type { OpenStreams } from '../open-streams.js';
import type { Admit, Caller } from './admission.js';
import type { Decoded } from '../wire/messages.js';
import { Conversation } from './conversation.js';
import { andThen, type Operation, type Refusal } from './operation.js';
import { isOver, sendRows } from './rows.js';

/** What the handlers of one server share. */
export interface DoorContext {
  readonly engine: Engine;
  /** Decides what each caller may use of the engine. */
  readonly admit: Admit;
  readonly logger: Logger;
  readonly openStreams: OpenStreams;
}

/** One request, one answer. */
export function unary<Req, Res>(
  operation: Operation<Req, Res>,
  refusal: Refusal<Res>,
  { admit, logger }: DoorContext,
): handleUnaryCall<Decoded<Req>, Res> {
  function refuse(thrown: unknown, reply: sendUnaryData<Res>): void {
    const error = KvsError.from(thrown);
    const answer = refusal(error);
    if (answer !== undefined) {
      reply(null, answer, errorTrailer(reason(error)));
    } else {
      logUnexpected(logger, error);
      reply(grpcStatus(error));
    }
  }

  return (call, reply) => {
    const serve = (caller: Caller): Awaitable<Res> => {
      if (call.request instanceof KvsError) throw call.request;
      return operation(call.request, caller);
    };
    let answer: Awaitable<Res>;
    try {
      answer = andThen(admit(call), serve);
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

/** An answer for each request, in order, as requests arrive. */
export function bidirectional<Req, Res>(
  operation: Operation<Req, Res>,
  refusal: Refusal<Res>,
  { admit, engine, logger, openStreams }: DoorContext,
): handleBidiStreamingCall<Decoded<Req>, Res> {
  const atOnce = engine.capabilities.pipelined === true ? limits.requestsPerStream : 1;
  const converse = (call: ServerDuplexStream<Decoded<Req>, Res>, caller: Caller): void => {
    const answer = (request: Req): Awaitable<Res> => operation(request, caller);
    openStreams.add(call, new Conversation(call, answer, refusal, logger, atOnce));
  };
  return (call) => {
    const refuse = (thrown: unknown): void => {
      endWith(call, thrown, logger);
    };
    try {
      const caller = admit(call);
      if (caller instanceof Promise) {
        void caller.then((admitted) => {
          if (!isOver(call)) converse(call, admitted);
        }, refuse);
      } else converse(call, caller);
    } catch (thrown) {
      refuse(thrown);
    }
  };
}

/** One request, and answers as they are read from the engine, at the reader's pace. */
export interface Streaming<Req, T, Res> {
  /** @throws KvsError of the checks and of the engine */
  readonly rows: (request: Req, caller: Caller) => Stream<T>;
  /** The answer for a row; `undefined` if it has none. */
  readonly answer: (row: T, caller: Caller) => Awaitable<Res | undefined>;
  /** The only answer where there would be none. */
  readonly whenEmpty?: Res;
}

/** An error ends the call with its status, after the answers already written. */
export function serverStreaming<Req, T, Res>(
  { rows, answer, whenEmpty }: Streaming<Req, T, Res>,
  { admit, logger }: DoorContext,
): handleServerStreamingCall<Decoded<Req>, Res> {
  return (call) => {
    const send = async (): Promise<void> => {
      const caller = await admit(call);
      if (call.request instanceof KvsError) throw call.request;
      const sent = await sendRows(call, rows(call.request, caller), (row: T) => answer(row, caller));
      if (isOver(call)) return;
      if (sent === 0 && whenEmpty !== undefined) call.write(whenEmpty);
      call.end();
    };
    send().catch((thrown: unknown) => {
      endWith(call, thrown, logger);
    });
  };
}

/** Ends a call with the status of what was thrown, unless it is over. */
function endWith(call: OpenCall, thrown: unknown, logger: Logger): void {
  const error = KvsError.from(thrown);
  logUnexpected(logger, error);
  if (!isOver(call)) call.emit('error', grpcStatus(error));
}

interface OpenCall {
  readonly cancelled: boolean;
  readonly destroyed: boolean;
  emit(event: 'error', status: StatusObject): boolean;
}
