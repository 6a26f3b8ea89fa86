import { KvsError } from '../../core/errors.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import { EtcdMember } from './etcd-member.js';
import type { MemberCondition } from './etcd-member.js';
import type { Meaning } from './outcome.js';
import type { ReplicaLaboratory } from './replica-tap.js';
import { backoffMs } from '../../core/backoff.js';
import type { ConsensusTuning } from './tuning.js';
import type { Header, Method } from './etcd-messages.js';

export interface CallOptions {
  /** Moment of the monotonic clock at which the call is given up, ms. */
  readonly deadline: number;
  /** The member may answer from its own state. */
  readonly local: boolean;
  /** The member to ask first. */
  readonly prefer?: EtcdMember | undefined;
}

export interface Answered<Res> {
  readonly response: Res;
  readonly member: EtcdMember;
  /** An earlier attempt of this call may have been applied as well. */
  readonly doubtful: boolean;
}

/** Sends requests to the members, for readers and writers. */
export interface EtcdCaller {
  /** @throws Unanswered */
  call<Req, Res extends { readonly header: Header }>(
    method: Method<Req, Res>,
    request: Req,
    options: CallOptions,
  ): Promise<Answered<Res>>;
  sleep(delayMs: number): Promise<void>;
}

/** No member answered, or one refused for good. `doubtful`: an attempt may still have been applied. */
export class Unanswered extends Error {
  constructor(
    readonly meaning: Meaning | 'stopped',
    readonly doubtful: boolean,
    details: string,
  ) {
    super(details);
  }

  /** The error for a reader, to whom it does not matter what may have been applied. */
  toReadError(): KvsError {
    if (this.meaning === 'stopped') return stopping();
    if (this.meaning === 'compacted') {
      return new KvsError(
        'LEITURA_VENCIDA',
        'a leitura durou mais do que as réplicas guardam o passado; comece de novo',
        { cause: this },
      );
    }
    if (this.meaning === 'full') return noSpace(this);
    if (this.meaning === 'refused') {
      return new KvsError('INTERNO', `as réplicas recusaram a leitura: ${this.message}`, { cause: this });
    }
    return new KvsError(
      'SEM_MAIORIA',
      'as réplicas não responderam a tempo com maioria; tente de novo quando voltarem',
      { cause: this },
    );
  }
}

/** The error for a write when the replicas are full. */
export function noSpace(cause: Unanswered): KvsError {
  return new KvsError('LIMITE_MEMORIA', 'as réplicas chegaram à cota de espaço em disco', { cause });
}

/** The error for a caller when the server is stopping. */
export function stopping(): KvsError {
  return new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; use outro');
}

/**
 * A client for all members. It asks them in turn until one answers or the deadline passes, those that answered lately
 * first. It repeats requests that may have been applied already, so only requests that are safe to repeat may come
 * here: reads, and transactions that compare what they change.
 */
export class EtcdClient implements EtcdCaller {
  readonly members: readonly EtcdMember[];
  private turn = 0;
  private latest = 0;
  private stopped = false;

  constructor(
    addresses: readonly string[],
    private readonly tuning: ConsensusTuning,
    private readonly time: Time,
    private readonly random: Random,
    laboratory?: ReplicaLaboratory,
  ) {
    this.members = addresses.map((address) => new EtcdMember(address, tuning, time, laboratory));
    // Servers that start together should not all begin with the same member.
    this.turn = Math.floor(random.next() * addresses.length);
  }

  /** The greatest revision in any answer to a call. */
  get revision(): number {
    return this.latest;
  }

  /** @throws Unanswered */
  async call<Req, Res extends { readonly header: Header }>(
    method: Method<Req, Res>,
    request: Req,
    options: CallOptions,
  ): Promise<Answered<Res>> {
    const { attemptMs, attemptMinMs, pauseBaseMs, pauseCapMs } = this.tuning;
    let doubtful = false;
    let details = 'sem tempo para perguntar';
    let leastMs = 0;
    for (let round = 0; ; round++) {
      for (const member of this.order(options)) {
        const leftMs = options.deadline - this.time.monotonicMs();
        if (this.stopped) throw new Unanswered('stopped', doubtful, 'parado');
        // A request with no time left for its answer only makes the outcome unknown.
        if (leftMs <= leastMs) throw new Unanswered(doubtful ? 'ambiguous' : 'notApplied', doubtful, details);
        leastMs = attemptMinMs;
        const answer = await member.attempt(method, request, Math.min(leftMs, attemptMs), options.local);
        if (answer.ok) {
          const { response } = answer;
          this.latest = Math.max(this.latest, response.header.revision);
          return { response, member, doubtful };
        }
        details = answer.details;
        if (answer.meaning === 'ambiguous') doubtful = true;
        else if (answer.meaning !== 'leaderless' && answer.meaning !== 'notApplied') {
          throw new Unanswered(answer.meaning, doubtful, details);
        }
      }
      const leftMs = Math.max(options.deadline - this.time.monotonicMs(), 0);
      await this.sleep(Math.min(leftMs, backoffMs(round, pauseBaseMs, pauseCapMs, this.random.next())));
    }
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.time.after(delayMs, resolve);
    });
  }

  /** Calls under way end soon, later ones at once. */
  close(): void {
    this.stopped = true;
    for (const member of this.members) member.close();
  }

  /** Every member once: the preferred one, then those in the best condition, from the next in turn on. */
  private order({ local, prefer }: CallOptions): readonly EtcdMember[] {
    this.turn = (this.turn + 1) % this.members.length;
    const rotated = [...this.members.slice(this.turn), ...this.members.slice(0, this.turn)];
    const rank = (member: EtcdMember): number => (member === prefer ? -1 : badness(member.condition, local));
    return rotated.sort((a, b) => rank(a) - rank(b));
  }
}

function badness(condition: MemberCondition, local: boolean): number {
  if (condition === 'good') return 0;
  if (condition === 'leaderless') return local ? 0 : 1;
  return 2;
}
