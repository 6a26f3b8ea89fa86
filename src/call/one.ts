import type { Attempt } from '../core/attempt.js';
import { KvsError } from '../core/errors.js';
import type { Awaitable } from '../ports/engine.js';
import type { Caller } from './admission.js';
import { assertNoAttempt, attemptOf } from './attempt.js';
import type { Call, Trailers } from './call.js';
import { CallDemands } from './demands.js';
import type { CallOutcome } from './observe.js';
import { andThen } from './operation.js';
import type { Decoded, DoorOperation } from './operation.js';
import { reason } from './reason.js';
import { ended, trailersOf } from './seam.js';
import type { CallSeam } from './seam.js';
import { ttlMsOf } from './ttl.js';

/** Receives the outcome of a call of one request: exactly one of these methods is called, once. */
export interface Replies<Res> {
  /** @param trailers with an `error` if the contract expresses an error by this answer */
  answer(answer: Res, trailers: Trailers | undefined): void;
  fail(error: KvsError, trailers: Trailers | undefined): void;
}

/**
 * Serves a call of one request and one answer: synchronously, without a promise, if the engine answers synchronously.
 */
export function serveOne<Req, Res>(
  seam: CallSeam,
  call: Call,
  request: Decoded<Req>,
  operation: DoorOperation<Req, Res>,
  replies: Replies<Res>,
): void {
  new OneAnswer(seam, call, request, operation, replies).serve();
}

/** One object per call, since this is the hot path. */
class OneAnswer<Req, Res> {
  private startedMs: number | undefined;
  private demands: CallDemands | undefined;
  private attempt: Attempt | undefined;
  private ttlMs: number | undefined;

  constructor(
    private readonly seam: CallSeam,
    private readonly call: Call,
    private readonly request: Decoded<Req>,
    private readonly operation: DoorOperation<Req, Res>,
    private readonly replies: Replies<Res>,
  ) {}

  serve(): void {
    let answer: Awaitable<Res>;
    try {
      this.startedMs = this.call.takeUp();
      const caller = this.seam.admit(this.call);
      answer =
        caller instanceof Promise
          ? caller.then((admitted) => this.answerTo(admitted))
          : this.answerTo(caller);
    } catch (thrown) {
      this.refuse(thrown);
      return;
    }
    if (answer instanceof Promise) {
      void answer.then(
        (value) => {
          this.give(value, this.call.isOver?.() === true ? 'ABANDONADO' : 'OK');
        },
        (thrown: unknown) => {
          this.refuse(thrown);
        },
      );
    } else this.give(answer);
  }

  private answerTo(caller: Caller): Awaitable<Res> {
    const { seam, call, request, operation } = this;
    // Only after the caller was admitted, since no one else may get a token.
    const demands = (this.demands = CallDemands.of(call, seam));
    if (request instanceof KvsError) throw request;
    const remembers = operation.remembersRequests ?? seam.engine.capabilities.remembersRequests;
    if (operation.takesAttempts === true && remembers === true) this.attempt = attemptOf(call);
    else assertNoAttempt(call);
    const ttlMs = (this.ttlMs = ttlMsOf(call, operation.ttl, seam.engine.capabilities));
    const { attempt } = this;
    if (demands === undefined) return operation.run(request, caller, attempt, ttlMs, call);
    return andThen(demands.reached(caller), (seeing) => {
      const { written } = operation;
      if (written === undefined) return operation.run(request, seeing, attempt, ttlMs, call);
      const isRepeated = attempt !== undefined && attempt.number > 1;
      return demands.confirmed(
        () => operation.run(request, seeing, attempt, ttlMs, call),
        written,
        isRepeated,
      );
    });
  }

  private give(answer: Res, outcome: CallOutcome = 'OK'): void {
    const { seam, call, startedMs, demands, attempt, ttlMs } = this;
    ended(seam, call, startedMs, undefined, outcome);
    const trailers = trailersOf(demands, undefined, ttlMs);
    this.replies.answer(answer, attempt === undefined ? trailers : { ...trailers, request: attempt.id });
  }

  private refuse(thrown: unknown): void {
    const { seam, call, startedMs, demands, ttlMs, operation, replies } = this;
    const error = KvsError.from(thrown);
    ended(seam, call, startedMs, error);
    const answer = operation.refusal(error);
    const trailers = trailersOf(demands, reason(error), ttlMs);
    if (answer === undefined) replies.fail(error, trailers);
    else replies.answer(answer, trailers);
  }
}
