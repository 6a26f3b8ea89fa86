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
 * What the calls of one server share, whatever door they come by. A door hands a {@link Call} to `serveOne`, `serveConversation` or
 * `serveRows`: take up, admit, read demands, run the operation, confirm, answer or refuse, observe.
 */
export interface CallSeam {
  readonly engine: Engine;
  /** Decides what each caller may use of the engine. */
  readonly admit: Admit;
  readonly observe: Observe;
  readonly time: Time;
}

/** A call of many answers that was let in. */
export interface EnteredCall {
  readonly caller: Caller;
  readonly demands: CallDemands | undefined;
}

/**
 * Lets a call of many answers in, and waits for its session.
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

/** Observes an outcome. @param startedMs `undefined`: it was not taken up */
export function ended(
  { observe, time }: Pick<CallSeam, 'observe' | 'time'>,
  call: Call,
  startedMs: number | undefined,
  error?: KvsError,
  outcome: CallOutcome = error?.code ?? 'OK',
): void {
  observe(call, outcome, startedMs === undefined ? 0 : time.monotonicMs() - startedMs, error);
}

/** What a call is owed beside its answer. @param error why it was refused, if it was */
export function trailersOf(demands: CallDemands | undefined, error?: string): Trailers | undefined {
  if (demands !== undefined) return demands.trailers(error);
  return error === undefined ? undefined : { error };
}
