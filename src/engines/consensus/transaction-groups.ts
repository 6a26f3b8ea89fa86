import { Fifo } from '../../core/fifo.js';
import type { Time } from '../../ports/time.js';
import { Unanswered } from './etcd-client.js';
import type { Answered, CallOptions, EtcdCaller } from './etcd-client.js';
import { TXN } from './etcd-messages.js';
import type { Header, Method, TxnRequest, TxnResponse } from './etcd-messages.js';
import { bytesOf, formOf, READS_TOGETHER, WRITES_TOGETHER } from './group-forms.js';
import type { GroupForm } from './group-forms.js';
import { groupLimits, OPERATIONS_MAX } from './limits.js';
import type { ConsensusTuning } from './tuning.js';

/** A request, and whoever waits for its answer. */
interface Waiting {
  readonly request: TxnRequest;
  readonly options: CallOptions;
  readonly weight: number;
  readonly bytes: number;
  readonly resolve: (answer: Answered<TxnResponse>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends what many calls ask of the replicas at the same moment as one request: a round of the replicas' agreement costs
 * about the same for one write as for thirty (group commit: DeWitt et al., 1984). Few calls at a time notice nothing of
 * it. Requests that do not fit a group, and those of a group that was refused or not answered, go by themselves.
 */
export class TransactionGroups implements EtcdCaller {
  private readonly lanes: ReadonlyMap<GroupForm, Lane>;

  constructor(
    private readonly caller: EtcdCaller,
    private readonly time: Time,
    private readonly tuning: Pick<ConsensusTuning, 'attemptMs'>,
  ) {
    this.lanes = new Map([READS_TOGETHER, WRITES_TOGETHER].map((form) => [form, new Lane(caller, form)]));
  }

  /** As {@link EtcdCaller.call}. @throws Unanswered */
  call<Req, Res extends { readonly header: Header }>(
    method: Method<Req, Res>,
    request: Req,
    options: CallOptions,
  ): Promise<Answered<Res>> {
    if (method.path !== TXN.path) return this.caller.call(method, request, options);
    // The path is that of one method, whose types these are.
    return this.ask(request as TxnRequest, options) as unknown as Promise<Answered<Res>>;
  }

  sleep(delayMs: number): Promise<void> {
    return this.caller.sleep(delayMs);
  }

  private ask(request: TxnRequest, options: CallOptions): Promise<Answered<TxnResponse>> {
    const { requestBytes, operations } = groupLimits;
    const alone = (): Promise<Answered<TxnResponse>> => this.caller.call(TXN, request, options);
    // What has little time left would take it from the others.
    const isHurried = options.deadline - this.time.monotonicMs() < this.tuning.attemptMs;
    if (options.local || options.prefer !== undefined || isHurried) return alone();
    const { compare, success, failure } = request;
    if (Math.max(compare.length, success.length, failure.length) > operations) return alone();
    const form = formOf(request);
    const lane = form && this.lanes.get(form);
    const bytes = bytesOf(request);
    if (form === undefined || lane === undefined || bytes > requestBytes) return alone();
    return new Promise((resolve, reject) => {
      lane.add({ request, options, weight: form.weight(request), bytes, resolve, reject });
    });
  }
}

/** Requests of one form, in the order in which they came. */
class Lane {
  private readonly waiting = new Fifo<Waiting>();
  private underWay = 0;

  constructor(
    private readonly caller: EtcdCaller,
    private readonly form: GroupForm,
  ) {}

  add(request: Waiting): void {
    this.waiting.push(request);
    this.next();
  }

  private next(): void {
    if (this.underWay >= groupLimits.underWay || this.waiting.length === 0) return;
    this.underWay++;
    void this.send(this.take()).finally(() => {
      this.underWay--;
      this.next();
    });
  }

  /** As many of those that wait as one request may hold. */
  private take(): readonly Waiting[] {
    const group: Waiting[] = [];
    let bytes = 0;
    let weight = 0;
    for (let next = this.waiting.peek(); next !== undefined; next = this.waiting.peek()) {
      bytes += next.bytes;
      weight += next.weight;
      const isFull =
        group.length === groupLimits.requests || bytes > groupLimits.bytes || weight > OPERATIONS_MAX;
      if (isFull && group.length > 0) break;
      group.push(next);
      this.waiting.shift();
    }
    return group;
  }

  private async send(group: readonly Waiting[]): Promise<void> {
    const [only] = group;
    if (only !== undefined && group.length === 1) return this.sendAlone(only, false);
    const requests = group.map(({ request }) => request);
    const deadline = Math.min(...group.map(({ options }) => options.deadline));
    const answer = await this.caller
      .call(TXN, this.form.together(requests), { deadline, local: false })
      .catch((thrown: unknown) => thrown);
    if (isAnswer(answer)) {
      const responses = this.form.apart(requests, answer.response);
      for (const [index, one] of group.entries()) {
        const response = responses[index];
        if (response === undefined) void this.sendAlone(one, true);
        else one.resolve({ ...answer, response });
      }
    } else if (answer instanceof Unanswered && answer.meaning !== 'stopped') {
      // One of them may be the reason, and the others not: each is asked by itself, and nobody waits for that.
      for (const one of group) void this.sendAlone(one, answer.doubtful);
    } else for (const { reject } of group) reject(answer);
  }

  /** @param doubtful it may have been applied as a part of a group */
  private async sendAlone({ request, options, resolve, reject }: Waiting, doubtful: boolean): Promise<void> {
    try {
      const answer = await this.caller.call(TXN, request, options);
      resolve({ ...answer, doubtful: answer.doubtful || doubtful });
    } catch (thrown) {
      const isInDoubt = doubtful && thrown instanceof Unanswered && !thrown.doubtful;
      reject(isInDoubt ? new Unanswered(thrown.meaning, true, thrown.message) : thrown);
    }
  }
}

function isAnswer(given: unknown): given is Answered<TxnResponse> {
  return typeof given === 'object' && given !== null && 'response' in given;
}
