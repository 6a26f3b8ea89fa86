import type { KvsError } from '../core/errors.js';
import type { Awaitable, Engine } from '../ports/engine.js';
import type { Time } from '../ports/time.js';
import type { Admit, Caller } from './admission.js';
import { assertNoAttempt } from './attempt.js';
import type { Call, Trailers } from './call.js';
import { CallDemands } from './demands.js';
import type { CallOutcome, Observe } from './observe.js';
import { andThen } from './operation.js';
import { ttlMsOf, ttlSecondsOf } from './ttl.js';
import type { TtlUse } from './ttl.js';

/**
 * What the calls of one server share, whichever door they come through. A door hands a {@link Call} to `serveOne`,
 * `serveConversation` or `serveRows`, which take it up, admit its caller, read its demands, run the operation, confirm,
 * answer or refuse, and observe.
 */
export interface CallSeam {
  readonly engine: Engine;
  /** Decides what each caller may use of the engine. */
  readonly admit: Admit;
  readonly observe: Observe;
  readonly time: Time;
}

/** An admitted call of many answers. */
export interface EnteredCall {
  readonly caller: Caller;
  readonly demands: CallDemands | undefined;
  /** How long what it inserts lives. */
  readonly ttlMs: number | undefined;
}

/**
 * Admits a call of many answers, and waits for its session.
 * @param ttl what its operation makes of a time to live
 * @throws KvsError (as a rejection too)
 */
export function enter(seam: CallSeam, call: Call, ttl?: TtlUse): Awaitable<EnteredCall> {
  return andThen(seam.admit(call), (caller) => {
    assertNoAttempt(call);
    const ttlMs = ttlMsOf(call, ttl, seam.engine.capabilities);
    const demands = CallDemands.of(call, seam);
    if (demands === undefined) return { caller, demands, ttlMs };
    return andThen(demands.reached(caller), (seeing) => ({ caller: seeing, demands, ttlMs }));
  });
}

/**
 * Observes an outcome.
 * @param startedMs `undefined` if processing did not start
 * @param tookMs where that is not the time since then
 */
export function ended(
  { observe, time }: Pick<CallSeam, 'observe' | 'time'>,
  call: Call,
  startedMs: number | undefined,
  error?: KvsError,
  outcome: CallOutcome = error?.code ?? 'OK',
  tookMs = startedMs === undefined ? 0 : time.monotonicMs() - startedMs,
): void {
  observe(call, outcome, tookMs, error);
}

/**
 * The trailers due to a call.
 * @param error why it was refused, if it was
 * @param ttlMs how long what it inserted lives
 */
export function trailersOf(
  demands: CallDemands | undefined,
  error?: string,
  ttlMs?: number,
): Trailers | undefined {
  const told = error === undefined ? undefined : { error };
  const due = demands === undefined ? told : demands.trailers(error);
  return ttlMs === undefined ? due : { ...due, ttlSeconds: ttlSecondsOf(ttlMs) };
}
