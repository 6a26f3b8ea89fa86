import type { Attempt } from '../../../core/attempt.js';
import type { KvsError } from '../../../core/errors.js';
import type { Awaitable } from '../../../ports/engine.js';
import type { Caller } from './admission.js';

/**
 * The rules of a door for one request: check, the caller's engine, answer. Answers at once where the engine does.
 * @param attempt of a client that may repeat the call; only operations that take it are given one
 * @throws KvsError (also as a rejection) of the checks and of the engine
 */
export type Operation<Req, Res> = (request: Req, caller: Caller, attempt?: Attempt) => Awaitable<Res>;

/** How a contract expresses an error within its answer; `undefined` if it cannot, and the call ends with a status. */
export type Refusal<Res> = (error: KvsError) => Res | undefined;

/** For contracts whose answers have no room for errors. */
export const neverAnswered: Refusal<never> = () => undefined;

/** Goes on with a value that may be here already, without a promise if it is. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
