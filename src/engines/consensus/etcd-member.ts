import {
  Client,
  connectivityState,
  credentials,
  logVerbosity,
  Metadata,
  setLogVerbosity,
  status,
} from '@grpc/grpc-js';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { Durations } from '../../core/durations.js';
import { meaningOfFailure } from './outcome.js';
import type { Meaning } from './outcome.js';
import { ReplicaTap } from './replica-tap.js';
import type { ReplicaLaboratory } from './replica-tap.js';
import type { Time } from '../../ports/time.js';
import type { ConsensusTuning } from './tuning.js';
import type { Method, WatchRequest, WatchResponse } from './etcd-messages.js';
import { WATCH } from './etcd-messages.js';

type MemberAnswer<Res> =
  | { readonly ok: true; readonly response: Res }
  | { readonly ok: false; readonly meaning: Meaning; readonly details: string };

/**
 * The result of the last attempts: `good`; `leaderless`: answers, but only from its own state; `mute`: unreachable,
 * or does not answer in time.
 */
export type MemberCondition = 'good' | 'leaderless' | 'mute';

/** The same for people. */
export const CONDITION_TEXTS: Readonly<Record<MemberCondition, string>> = {
  good: 'atendendo',
  leaderless: 'sem maioria',
  mute: 'sem contato',
};

/** Asks a member to refuse at once, instead of waiting, while it knows no leader. */
const HAS_LEADER = new Metadata();
HAS_LEADER.set('hasleader', 'true');
const NOTHING = new Metadata();

/** Attempts at a member since the start, by what they meant. */
type AttemptCounts = Record<Meaning | 'good', number>;

/** One etcd member: its channel, and what is known of its health. */
export class EtcdMember {
  condition: MemberCondition = 'good';
  /** Attempts since the start, for metrics: by result, and how long those took that were answered. */
  readonly attempts: AttemptCounts = {
    ...{ good: 0, leaderless: 0, notApplied: 0, ambiguous: 0, full: 0, compacted: 0, refused: 0 },
  };
  readonly durations = new Durations();
  private client: Client;
  private readonly tap: ReplicaTap | undefined;
  /** Calls and streams in progress at a server of a laboratory, to be broken off when it is cut off. */
  private readonly open = new Set<() => void>();

  /**
   * @param address `host:port` of its client endpoint
   * @param laboratory cuts the connection, loses requests and tells them; absent: nothing does
   */
  constructor(
    readonly address: string,
    private readonly tuning: ConsensusTuning,
    private readonly time: Time,
    private readonly laboratory?: ReplicaLaboratory,
  ) {
    // The library would write to standard error; what matters reaches the log through errors and statuses.
    setLogVerbosity(logVerbosity.NONE);
    this.client = this.connect();
    this.tap = laboratory && new ReplicaTap(laboratory.tap, address);
    laboratory?.cut.onChange(() => {
      if (!this.isCut) this.client = this.connect();
      else {
        this.client.close();
        for (const breakOff of [...this.open]) breakOff();
      }
    });
  }

  private connect(): Client {
    const { address, tuning } = this;
    return new Client(address, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': tuning.reconnectBaseMs,
      'grpc.min_reconnect_backoff_ms': tuning.reconnectBaseMs,
      'grpc.max_reconnect_backoff_ms': tuning.reconnectCapMs,
      'grpc.max_receive_message_length': tuning.answerBytes,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.keepalive_time_ms': tuning.keepaliveMs,
      'grpc.keepalive_timeout_ms': tuning.keepaliveTimeoutMs,
      // Members are never reached through a proxy from the environment.
      'grpc.enable_http_proxy': 0,
    });
  }

  /**
   * Sends a request once. Never rejects; a request that was not sent is known to be so.
   * @param timeoutMs for everything
   * @param local the member may answer from its own state, without a leader
   */
  async attempt<Req, Res>(
    method: Method<Req, Res>,
    request: Req,
    timeoutMs: number,
    local: boolean,
  ): Promise<MemberAnswer<Res>> {
    // gRPC deadlines are moments of the system clock.
    const deadline = Date.now() + timeoutMs;
    if (!(await this.connected(deadline))) {
      this.condition = 'mute';
      this.attempts.notApplied++;
      return { ok: false, meaning: 'notApplied', details: `sem conexão com ${this.address}` };
    }
    const startedMs = this.time.monotonicMs();
    const metadata = local ? NOTHING : HAS_LEADER;
    const answer = this.tap
      ? await this.attemptTold(this.tap, method, request, deadline, metadata)
      : await this.send(method, request, deadline, metadata);
    if (answer.ok) this.durations.add(this.time.monotonicMs() - startedMs);
    this.attempts[answer.ok ? 'good' : answer.meaning]++;
    this.learn(answer, local);
    return answer;
  }

  /**
   * Asks for whoever looks at this server: not counted, and in a laboratory neither told nor lost, so that looking is not
   * seen in what is looked at.
   * @returns `undefined` if no answer came in time
   */
  async inquire<Req, Res>(
    method: Method<Req, Res>,
    request: Req,
    timeoutMs: number,
  ): Promise<Res | undefined> {
    const deadline = Date.now() + timeoutMs;
    if (!(await this.connected(deadline))) return undefined;
    const answer = await this.send(method, request, deadline, NOTHING);
    return answer.ok ? answer.response : undefined;
  }

  /** A stream of changes, or `undefined` if the member is not connected. */
  watch(): ClientDuplexStream<WatchRequest, WatchResponse> | undefined {
    if (this.isCut || this.client.getChannel().getConnectivityState(true) !== connectivityState.READY)
      return undefined;
    const { path, requestSerialize, responseDeserialize } = this.tap?.watch() ?? WATCH;
    const stream = this.client.makeBidiStreamRequest(
      ...([path, requestSerialize, responseDeserialize, HAS_LEADER] as const),
    );
    if (this.laboratory) {
      const breakOff = (): void => stream.cancel();
      this.open.add(breakOff);
      stream.once('close', () => this.open.delete(breakOff));
    }
    return stream;
  }

  /** Whether this server is cut off the replicas on purpose. */
  private get isCut(): boolean {
    return this.laboratory?.cut.isCut === true;
  }

  /** The same as {@link send} in a laboratory. What it loses is as an answer that does not come in time. */
  private async attemptTold<Req, Res>(
    tap: ReplicaTap,
    method: Method<Req, Res>,
    request: Req,
    deadline: number,
    metadata: Metadata,
  ): Promise<MemberAnswer<Res>> {
    const lost = tap.draw();
    if (lost === 'request') tap.lost(method, request);
    else {
      const told = tap.unary(method, request, lost === 'answer');
      const answer = await this.send(told, request, deadline, metadata);
      if (lost === undefined || !answer.ok) return answer;
    }
    await new Promise<void>((resolve) => {
      this.time.after(Math.max(0, deadline - Date.now()), resolve);
    });
    return { ok: false, meaning: 'ambiguous', details: `${this.address}: perdido de propósito` };
  }

  close(): void {
    this.client.close();
  }

  private learn(answer: MemberAnswer<unknown>, local: boolean): void {
    if (answer.ok) {
      // A local answer proves nothing about a leader.
      if (!local) this.condition = 'good';
      else if (this.condition === 'mute') this.condition = 'leaderless';
    } else if (answer.meaning === 'leaderless') this.condition = 'leaderless';
    else if (answer.meaning === 'ambiguous') this.condition = 'mute';
  }

  /** Whether there is a connection; waits while one is being made. */
  private connected(deadline: number): boolean | Promise<boolean> {
    if (this.isCut) return false;
    const channel = this.client.getChannel();
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY) return true;
    if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) return false;
    return new Promise((resolve) => {
      channel.watchConnectivityState(state, deadline, (error) => {
        resolve(error === undefined ? this.connected(deadline) : false);
      });
    });
  }

  private send<Req, Res>(
    { path, requestSerialize, responseDeserialize }: Method<Req, Res>,
    request: Req,
    deadline: number,
    metadata: Metadata,
  ): Promise<MemberAnswer<Res>> {
    return new Promise((resolve) => {
      const done = (error: ServiceError | null, response?: Res): void => {
        this.open.delete(breakOff);
        if (error === null && response !== undefined) {
          resolve({ ok: true, response });
          return;
        }
        const { code, details } = error ?? { code: status.INTERNAL, details: 'resposta vazia' };
        resolve({
          ok: false,
          meaning: meaningOfFailure(code, details),
          details: `${this.address}: ${details}`,
        });
      };
      const options = { deadline };
      const call = this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        options,
        done,
      );
      const breakOff = (): void => call.cancel();
      if (this.laboratory) this.open.add(breakOff);
    });
  }
}
