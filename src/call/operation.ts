import type { Attempt } from '../core/attempt.js';
import type { KvsError } from '../core/errors.js';
import type { Awaitable, Stream } from '../ports/engine.js';
import type { Caller } from './admission.js';
import type { Call } from './call.js';
import type { TtlUse } from './ttl.js';

/**
 * A request, or the decoder's error in its place, so that an invalid request is answered like any other refusal and not
 * by the transport.
 */
export type Decoded<Req> = Req | KvsError;

/** How a contract expresses an error within its answer; `undefined` if it cannot, and the call fails. */
export type AnswerRefusal<Res> = (error: KvsError) => Res | undefined;

/** For contracts whose answers have no room for errors. */
export const neverAnswered: AnswerRefusal<never> = () => undefined;

/** Extracts the written version from an answer, if it has one. */
export type Written<Res> = (answer: Res) => number | undefined;

/** An operation of a door with one request and one answer. */
export interface DoorOperation<Req, Res> {
  /**
   * Checks the request, uses the caller's engine, and answers; synchronously if the engine does.
   * @param attempt set if the client may repeat the call; only with {@link takesAttempts}
   * @param ttlMs how long what it inserts lives; only with {@link ttl} `taken`
   * @param call of one request: what takes long may look whether anybody still waits for it
   * @throws KvsError (as a rejection too) of the checks and of the engine
   */
  readonly run: (
    request: Req,
    caller: Caller,
    attempt?: Attempt,
    ttlMs?: number,
    call?: Pick<Call, 'isOver'>,
  ) => Awaitable<Res>;
  readonly refusal: AnswerRefusal<Res>;
  /** Only for operations that write, since only those can be confirmed. */
  readonly written?: Written<Res>;
  /** Whether a call of one request may be repeated under a request id. */
  readonly takesAttempts?: boolean;
  /** Whether the operation sees to repeated calls itself where the engine does not; only with {@link takesAttempts}. */
  readonly remembersRequests?: boolean;
  /** Absent: a time to live is ignored. */
  readonly ttl?: TtlUse;
}

/** An operation of a door with one request and one answer per row read from the engine. */
export interface RowsOperation<Req, T, Res> {
  /** @throws KvsError of the checks and of the engine */
  readonly rows: (request: Req, caller: Caller) => Stream<T>;
  /** The answer for a row; `undefined` if it has none. */
  readonly answer: (row: T, caller: Caller) => Awaitable<Res | undefined>;
  /** The answer to send if there would be none. */
  readonly whenEmpty?: Res;
  /** Only if `answer` writes. */
  readonly written?: Written<Res>;
  /** From where a caller goes on after an answer: the last one is also told when the call ends. */
  readonly tokenOf?: (answer: Res) => string | undefined;
  /**
   * Whether rows come without end: the call is ended when the server leaves, whatever it waits for, and is observed with
   * the time until it had begun.
   */
  readonly isEndless?: true;
}

/** Continues with a value or a promise of it, without creating a promise for a value. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
