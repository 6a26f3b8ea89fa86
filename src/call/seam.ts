import type { KvsError } from '../core/errors.js';
import type { Awaitable, Engine } from '../ports/engine.js';
import type { Time } from '../ports/time.js';
import type { Admit, Caller } from './admission.js';
import { assertNoAttempt } from './attempt.js';
import type { Call, Trailers } from './call.js';
import { CallDemands } from './demands.js';
import type { CallOutcome, Observe } from './observe.js';
import { andThen } from './operation.js';

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
}

/**
 * Admits a call of many answers, and waits for its session.
 * @throws KvsError (as a rejection too)
 */
export function enter(seam: CallSeam, call: Call): Awaitable<EnteredCall> {
  return andThen(seam.admit(call), (caller) => {
    assertNoAttempt(call);
    const demands = CallDemands.of(call, seam);
    if (demands === undefined) return { caller, demands };
    return andThen(demands.reached(caller), (seeing) => ({ caller: seeing, demands }));
  });
}

/** Observes an outcome. @param startedMs `undefined` if processing did not start */
export function ended(
  { observe, time }: Pick<CallSeam, 'observe' | 'time'>,
  call: Call,
  startedMs: number | undefined,
  error?: KvsError,
  outcome: CallOutcome = error?.code ?? 'OK',
): void {
  observe(call, outcome, startedMs === undefined ? 0 : time.monotonicMs() - startedMs, error);
}

/** The trailers due to a call. @param error why it was refused, if it was */
export function trailersOf(demands: CallDemands | undefined, error?: string): Trailers | undefined {
  if (demands !== undefined) return demands.trailers(error);
  return error === undefined ? undefined : { error };
}
