import type { Attempt } from '../core/attempt.js';
import type { KvsError } from '../core/errors.js';
import type { Awaitable, Stream } from '../ports/engine.js';
import type { Caller } from './admission.js';

/**
 * A request, or why it is none: a decoder's error takes the place of the request, so that it is answered like any other refusal
 * and not as the transport would.
 */
export type Decoded<Req> = Req | KvsError;

/** How a contract expresses an error within its answer; `undefined` if it cannot, and the call fails. */
export type AnswerRefusal<Res> = (error: KvsError) => Res | undefined;

/** For contracts whose answers have no room for errors. */
export const neverAnswered: AnswerRefusal<never> = () => undefined;

/** Finds the version written in an answer, if that says one. */
export type Written<Res> = (answer: Res) => number | undefined;

/** What a door offers under one name: a request, and its answer. */
export interface DoorOperation<Req, Res> {
  /**
   * Check, the caller's engine, answer. Answers at once where the engine does.
   * @param attempt of a client that may repeat the call; given only where {@link takesAttempts}
   * @throws KvsError (as a rejection too) of the checks and of the engine
   */
  readonly run: (request: Req, caller: Caller, attempt?: Attempt) => Awaitable<Res>;
  readonly refusal: AnswerRefusal<Res>;
  /** Only of operations that write: those can be confirmed. */
  readonly written?: Written<Res>;
  /** Whether a call of one request may be repeated under a request id. */
  readonly takesAttempts?: boolean;
}

/** What a door offers under one name: a request, and answers as rows are read from the engine. */
export interface RowsOperation<Req, T, Res> {
  /** @throws KvsError of the checks and of the engine */
  readonly rows: (request: Req, caller: Caller) => Stream<T>;
  /** The answer for a row; `undefined` if it has none. */
  readonly answer: (row: T, caller: Caller) => Awaitable<Res | undefined>;
  /** The only answer where there would be none. */
  readonly whenEmpty?: Res;
  /** Only where `answer` writes. */
  readonly written?: Written<Res>;
}

/** Goes on with a value that may be here already, without a promise if it is. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
