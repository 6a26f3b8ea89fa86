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
import { meaningOfFailure } from './outcome.js';
import type { Meaning } from './outcome.js';
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

/** Asks a member to refuse at once, instead of waiting, while it knows no leader. */
const HAS_LEADER = new Metadata();
HAS_LEADER.set('hasleader', 'true');
const NOTHING = new Metadata();

/** One etcd member: its channel, and what is known of its health. */
export class EtcdMember {
  condition: MemberCondition = 'good';
  private readonly client: Client;

  /** @param address `host:port` of its client endpoint */
  constructor(
    readonly address: string,
    tuning: ConsensusTuning,
  ) {
    // The library would write to standard error; what matters reaches the log through errors and statuses.
    setLogVerbosity(logVerbosity.NONE);
    this.client = new Client(address, credentials.createInsecure(), {
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
      return { ok: false, meaning: 'notApplied', details: `sem conexão com ${this.address}` };
    }
    const answer = await this.send(method, request, deadline, local ? NOTHING : HAS_LEADER);
    this.learn(answer, local);
    return answer;
  }

  /** A stream of changes, or `undefined` if the member is not connected. */
  watch(): ClientDuplexStream<WatchRequest, WatchResponse> | undefined {
    if (this.client.getChannel().getConnectivityState(true) !== connectivityState.READY) return undefined;
    const { path, requestSerialize, responseDeserialize } = WATCH;
    return this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, HAS_LEADER);
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
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        options,
        done,
      );
    });
  }
}
