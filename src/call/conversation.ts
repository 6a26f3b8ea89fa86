import { KvsError } from '../core/errors.js';
import type { Awaitable } from '../ports/engine.js';
import type { Call, Trailers } from './call.js';
import type { CallDemands } from './demands.js';
import type { AnswerRefusal, Decoded, DoorOperation } from './operation.js';
import { reason } from './reason.js';
import { ended, enter, trailersOf } from './seam.js';
import type { CallSeam, EnteredCall } from './seam.js';

/** The transport side of a conversation. Exactly one of these methods is called, once. */
interface Partner<Req, Res> {
  /** The caller was admitted. From now on requests are read, at the pace at which the caller takes answers. */
  converse(answerer: Answerer<Req, Res>): void;
  fail(error: KvsError, trailers: Trailers | undefined): void;
}

/**
 * Serves a call of many requests, each with an answer.
 * @param begin makes the operation of one call, which may keep state between requests
 */
export function serveConversation<Req, Res>(
  seam: CallSeam,
  call: Call,
  begin: () => DoorOperation<Req, Res>,
  partner: Partner<Req, Res>,
): void {
  let startedMs: number | undefined;
  const refuse = (thrown: unknown): void => {
    const error = KvsError.from(thrown);
    ended(seam, call, startedMs, error);
    partner.fail(error, { error: reason(error) });
  };
  const operation = begin();
  const converse = (entered: EnteredCall): void => {
    partner.converse(new Answerer(seam, call, operation, entered, startedMs));
  };
  try {
    startedMs = call.takeUp();
    const entered = enter(seam, call, operation.ttl);
    if (entered instanceof Promise) void entered.then(converse, refuse);
    else converse(entered);
  } catch (thrown) {
    refuse(thrown);
  }
}

/** Answers the requests of one conversation, in the order in which they are settled. */
export class Answerer<Req, Res> {
  readonly refusal: AnswerRefusal<Res>;
  private readonly demands: CallDemands | undefined;
  private readonly ttlMs: number | undefined;
  private readonly run: (request: Req) => Awaitable<Res>;

  constructor(
    private readonly seam: CallSeam,
    private readonly call: Call,
    { run, refusal, written }: DoorOperation<Req, Res>,
    { caller, demands, ttlMs }: EnteredCall,
    private readonly startedMs: number | undefined,
  ) {
    this.refusal = refusal;
    this.demands = demands;
    this.ttlMs = ttlMs;
    this.run =
      demands === undefined || written === undefined
        ? (request) => run(request, caller, undefined, ttlMs)
        : (request) => demands.confirmed(() => run(request, caller, undefined, ttlMs), written);
  }

  /** @throws KvsError (as a rejection too), to be answered by {@link refusal} */
  answer(request: Decoded<Req>): Awaitable<Res> {
    let startedMs: number | undefined;
    let answer: Awaitable<Res>;
    try {
      if (request instanceof KvsError) throw request;
      startedMs = this.call.takeUp();
      answer = this.run(request);
    } catch (thrown) {
      return this.refused(thrown, startedMs);
    }
    if (answer instanceof Promise) return this.settled(answer, startedMs);
    ended(this.seam, this.call, startedMs);
    return answer;
  }

  /** Ends the conversation for a reason unrelated to its requests. */
  end(error: KvsError): void {
    ended(this.seam, this.call, this.startedMs, error);
  }

  /** The trailers due to the caller, as of now. @param errors of its requests, if any */
  trailers(errors?: string): Trailers | undefined {
    return trailersOf(this.demands, errors, this.ttlMs);
  }

  private settled(answer: Promise<Res>, startedMs: number): Promise<Res> {
    return answer.then(
      (value) => {
        ended(this.seam, this.call, startedMs);
        return value;
      },
      (thrown: unknown) => this.refused(thrown, startedMs),
    );
  }

  private refused(thrown: unknown, startedMs: number | undefined): never {
    const error = KvsError.from(thrown);
    ended(this.seam, this.call, startedMs, error);
    throw error;
  }
}
