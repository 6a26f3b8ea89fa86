import type {
  Metadata,
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  sendUnaryData,
  ServerDuplexStream,
  StatusObject,
} from '@grpc/grpc-js';
import type { Attempt } from '../../../core/attempt.js';
import { KvsError } from '../../../core/errors.js';
import { grpcLimits } from '../limits.js';
import type { Awaitable, Engine, Stream } from '../../../ports/engine.js';
import type { Logger } from '../../../ports/logger.js';
import { errorTrailer, grpcStatus, logUnexpected, reason } from '../errors.js';
import type { OpenStreams } from '../open-streams.js';
import type { Admit, Caller, IncomingCall } from './admission.js';
import { assertNoAttempt, attemptOf, honoured } from './attempt.js';
import type { Decoded } from '../wire/messages.js';
import { Conversation } from './conversation.js';
import { andThen, type Operation, type Refusal } from './operation.js';
import { isOver, sendRows } from './rows.js';
import { Terms, type Written } from './terms.js';

/** What the handlers of one server share. */
export interface DoorContext {
  readonly engine: Engine;
  /** Decides what each caller may use of the engine. */
  readonly admit: Admit;
  /** @throws KvsError SERVIDOR_PAROU for a request that waited while this process stood still */
  readonly assertFresh: (call: IncomingCall) => void;
  readonly logger: Logger;
  readonly openStreams: OpenStreams;
}

/**
 * One request, one answer. Refuses the id of a request that may be repeated: see {@link inserting}.
 * @param written for operations that write
 */
export function unary<Req, Res>(
  operation: Operation<Req, Res>,
  refusal: Refusal<Res>,
  context: DoorContext,
  written?: Written<Res>,
): handleUnaryCall<Decoded<Req>, Res> {
  return single(operation, refusal, context, written, unheeded);
}

function unheeded(metadata: Metadata): undefined {
  assertNoAttempt(metadata);
}

/** As {@link unary}, for an insert that its client may repeat. */
export function inserting<Req, Res>(
  operation: Operation<Req, Res>,
  refusal: Refusal<Res>,
  context: DoorContext,
  written: Written<Res>,
): handleUnaryCall<Decoded<Req>, Res> {
  const remembers = context.engine.capabilities.remembersRequests === true;
  return single(operation, refusal, context, written, remembers ? attemptOf : unheeded);
}

function single<Req, Res>(
  operation: Operation<Req, Res>,
  refusal: Refusal<Res>,
  { admit, engine, logger }: DoorContext,
  written: Written<Res> | undefined,
  readAttempt: (metadata: Metadata) => Attempt | undefined,
): handleUnaryCall<Decoded<Req>, Res> {
  function refuse(thrown: unknown, reply: sendUnaryData<Res>, terms: Terms | undefined): void {
    const error = KvsError.from(thrown);
    const answer = refusal(error);
    const trailer = errorTrailer(reason(error));
    if (answer !== undefined) {
      reply(null, answer, terms?.trailer(trailer) ?? trailer);
    } else {
      logUnexpected(logger, error);
      reply(grpcStatus(error, terms?.trailer(trailer) ?? trailer));
    }
  }

  return (call, reply) => {
    let terms: Terms | undefined;
    let attempt: Attempt | undefined;
    const serve = (caller: Caller): Awaitable<Res> => {
      const { request } = call;
      // After its caller was let in: nobody else is owed a token.
      const asked = (terms = Terms.of(call, engine));
      if (request instanceof KvsError) throw request;
      const heeded = (attempt = readAttempt(call.metadata));
      if (asked === undefined) return operation(request, caller, heeded);
      return andThen(asked.reached(caller), (seeing) => {
        if (written === undefined) return operation(request, seeing, heeded);
        const isRepeated = heeded !== undefined && heeded.number > 1;
        return asked.confirmed(() => operation(request, seeing, heeded), written, isRepeated);
      });
    };
    const give = (value: Res): void => {
      const trailer = terms?.trailer();
      reply(null, value, attempt === undefined ? trailer : honoured(attempt, trailer));
    };
    let answer: Awaitable<Res>;
    try {
      answer = andThen(admit(call), serve);
    } catch (thrown) {
      refuse(thrown, reply, terms);
      return;
    }
    if (answer instanceof Promise) {
      void answer.then(give, (thrown: unknown) => {
        refuse(thrown, reply, terms);
      });
    } else give(answer);
  };
}

/**
 * An answer for each request, in order, as requests arrive.
 * @param written for operations that write
 */
export function bidirectional<Req, Res>(
  operation: Operation<Req, Res>,
  refusal: Refusal<Res>,
  context: DoorContext,
  written?: Written<Res>,
): handleBidiStreamingCall<Decoded<Req>, Res> {
  return bidirectionalOf(() => operation, refusal, context, written);
}

/** As {@link bidirectional}. @param begin the operation of one call, which may keep something from request to request */
export function bidirectionalOf<Req, Res>(
  begin: () => Operation<Req, Res>,
  refusal: Refusal<Res>,
  { admit, assertFresh, engine, logger, openStreams }: DoorContext,
  written?: Written<Res>,
): handleBidiStreamingCall<Decoded<Req>, Res> {
  const atOnce = engine.capabilities.pipelined === true ? grpcLimits.requestsPerStream : 1;
  const converse = (
    call: ServerDuplexStream<Decoded<Req>, Res>,
    caller: Caller,
    terms: Terms | undefined,
  ): void => {
    const operation = begin();
    const answer =
      terms === undefined || written === undefined
        ? (request: Req): Awaitable<Res> => operation(request, caller)
        : (request: Req): Awaitable<Res> => terms.confirmed(() => operation(request, caller), written);
    const fresh = (request: Req): Awaitable<Res> => {
      assertFresh(call);
      return answer(request);
    };
    openStreams.add(call, new Conversation(call, fresh, refusal, logger, atOnce, terms));
  };
  return (call) => {
    let terms: Terms | undefined;
    const refuse = (thrown: unknown): void => {
      endWith(call, thrown, logger, terms);
    };
    try {
      const caller = andThen(admit(call), (admitted) => {
        assertNoAttempt(call.metadata);
        terms = Terms.of(call, engine);
        return terms === undefined ? admitted : terms.reached(admitted);
      });
      if (caller instanceof Promise) {
        void caller.then((admitted) => {
          if (!isOver(call)) converse(call, admitted, terms);
        }, refuse);
      } else converse(call, caller, terms);
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
  /** Where `answer` writes. */
  readonly written?: Written<Res>;
}

/** An error ends the call with its status, after the answers already written. */
export function serverStreaming<Req, T, Res>(
  { rows, answer, whenEmpty, written }: Streaming<Req, T, Res>,
  { admit, engine, logger }: DoorContext,
): handleServerStreamingCall<Decoded<Req>, Res> {
  return (call) => {
    let terms: Terms | undefined;
    const send = async (): Promise<void> => {
      const admitted = await admit(call);
      assertNoAttempt(call.metadata);
      const asked = (terms = Terms.of(call, engine));
      const caller = asked === undefined ? admitted : await asked.reached(admitted);
      if (call.request instanceof KvsError) throw call.request;
      const found = rows(call.request, caller);
      const answered = (row: T): Awaitable<Res | undefined> => answer(row, caller);
      const sent =
        asked?.confirms === true && written !== undefined
          ? await sendRows(call, confirmedInBlocks(found, answered, asked), (ready: Res) => ready)
          : await sendRows(call, found, answered);
      if (isOver(call)) return;
      if (sent === 0 && whenEmpty !== undefined) call.write(whenEmpty);
      call.end(terms?.trailer());
    };
    send().catch((thrown: unknown) => {
      endWith(call, thrown, logger, terms);
    });
  };
}

/** Rows written before their confirmation is waited for, together. */
const ROWS_PER_CONFIRMATION = 256;

/** Answers that write, each given when it is confirmed: many share one round to the other servers. */
async function* confirmedInBlocks<T, Res>(
  rows: Stream<T>,
  answer: (row: T) => Awaitable<Res | undefined>,
  terms: Terms,
): AsyncGenerator<Res | undefined> {
  terms.assertConfirmable();
  let block: Res[] = [];
  for await (const row of rows) {
    const ready = row === undefined ? undefined : await answer(row);
    if (ready !== undefined) block.push(ready);
    if (block.length < ROWS_PER_CONFIRMATION) continue;
    await terms.confirm(() => undefined);
    yield* block;
    block = [];
  }
  if (block.length > 0) await terms.confirm(() => undefined);
  yield* block;
}

/** Ends a call with the status of what was thrown, unless it is over. */
function endWith(call: OpenCall, thrown: unknown, logger: Logger, terms: Terms | undefined): void {
  const error = KvsError.from(thrown);
  logUnexpected(logger, error);
  const trailer = errorTrailer(reason(error));
  if (!isOver(call)) call.emit('error', grpcStatus(error, terms?.trailer(trailer) ?? trailer));
}

interface OpenCall {
  readonly cancelled: boolean;
  readonly destroyed: boolean;
  emit(event: 'error', status: StatusObject): boolean;
}
