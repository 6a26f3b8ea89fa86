import { Client, connectivityState, status } from '@grpc/grpc-js';
import type { MethodDefinition, ServiceError } from '@grpc/grpc-js';
import { hostPortText } from '../core/host-port.js';
import type { TlsFailure } from '../security/tls/failures.js';
import { methodOf } from './method.js';
import { PLAIN } from './security.js';
import type { ClientSecurity, Mismatch } from './security.js';

/** A connection with calls in progress gets a PING this often, and is given up without an answer within the second. */
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_ANSWER_MS = 5_000;

/** How the details begin of a call that was not made for lack of a connection; the reason follows, where it is known. */
export const NO_CONNECTION = 'no connection';
/** How long to wait for that reason: the channel may be connecting again. */
const PROBLEM_MS = 100;

/** One server, as a client sees it. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** `away`: does not answer, or reports that it does not serve. `unknown`: not asked yet. */
type Condition = 'unknown' | 'serving' | 'away';

interface HealthAnswer {
  readonly status: number;
}

/** `ServingStatus` of grpc/health.proto. */
const SERVING = 1;

type Check = MethodDefinition<{ readonly service: string }, HealthAnswer>;

/** Found for the first question: most commands reach their server without one. */
function healthCheck(): Pick<Check, 'path' | 'requestSerialize' | 'responseDeserialize'> {
  const name = { file: 'grpc/health.proto', service: 'grpc.health.v1.Health', method: 'Check' };
  return methodOf(name) as Pick<Check, 'path' | 'requestSerialize' | 'responseDeserialize'>;
}

/** The connection to one server, and what is known of its health. */
export class Link {
  condition: Condition = 'unknown';
  readonly client: Client;
  /** For people: `127.0.0.1:9000`, `[::1]:9000`. */
  readonly name: string;

  /** Why the last connection ended, if because of TLS. */
  private tlsFailure: TlsFailure | undefined;
  private asked: { readonly atMs: number; readonly answers: Promise<boolean> } | undefined;

  constructor(
    readonly address: ServerAddress,
    private readonly security: ClientSecurity = PLAIN,
  ) {
    const { host, port } = address;
    this.name = hostPortText(host, port);
    const credentials = security.credentials(host, (failure) => {
      this.tlsFailure = failure;
    });
    this.client = new Client(this.name, credentials, {
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.min_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 1_000,
      // Finds out that a server stands still, or a network went away without a word, while an answer is awaited.
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_ANSWER_MS,
      // A proxy in the environment is meant for the web, not for servers of the fleet.
      'grpc.enable_http_proxy': 0,
      'grpc.max_receive_message_length': -1,
    });
  }

  /** Whether there is or was a connection: without one nothing can have been sent. */
  get connected(): boolean {
    if (this.tlsFailure !== undefined) return false;
    const state = this.client.getChannel().getConnectivityState(false);
    return state === connectivityState.READY || state === connectivityState.IDLE;
  }

  /**
   * Why no connection comes about or holds; `undefined` if the protocol is not the reason. Probes with a connection of
   * its own only if none came about, since a server counts it among the refused ones.
   */
  async whyNoConnection(): Promise<Mismatch | undefined> {
    if (this.tlsFailure !== undefined || this.connected) return this.tlsFailure;
    const { host, port } = this.address;
    return this.security.probe(host, port);
  }

  /** Why a connection that was refused did not come about, as the library tells it. */
  async connectionProblem(): Promise<string> {
    const state = this.client.getChannel().getConnectivityState(false);
    if (state !== connectivityState.TRANSIENT_FAILURE) return NO_CONNECTION;
    // A call over a channel in this state fails at once, with the reason of the last attempt.
    const { error } = await this.health(PROBLEM_MS);
    return error?.code === status.UNAVAILABLE ? `${NO_CONNECTION}: ${error.details}` : NO_CONNECTION;
  }

  /** Waits for a connection, until it is refused or the time has passed. */
  connect(deadlineMs: number): Promise<boolean> {
    const channel = this.client.getChannel();
    const deadline = Date.now() + deadlineMs;
    const look = (): Promise<boolean> => {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return Promise.resolve(true);
      if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN)
        return Promise.resolve(false);
      return new Promise((resolve) => {
        channel.watchConnectivityState(state, deadline, (error) => {
          resolve(error === undefined ? look() : false);
        });
      });
    };
    return look();
  }

  /** Whether the server answers at all, within this time, or has to others who asked during it: many may want to know. */
  answers(withinMs: number): Promise<boolean> {
    const nowMs = performance.now();
    if (this.asked === undefined || nowMs - this.asked.atMs >= withinMs) {
      this.asked = { atMs: nowMs, answers: this.probe(withinMs) };
    }
    return this.asked.answers;
  }

  /** Asks the server for its health. @returns whether there was an answer, if only a refusal */
  async probe(deadlineMs: number): Promise<boolean> {
    const { error, answer } = await this.health(deadlineMs);
    this.condition = error === null && answer?.status === SERVING ? 'serving' : 'away';
    return error?.code !== status.DEADLINE_EXCEEDED;
  }

  private health(
    deadlineMs: number,
  ): Promise<{ readonly error: ServiceError | null; readonly answer?: HealthAnswer | undefined }> {
    const { path, requestSerialize, responseDeserialize } = healthCheck();
    const options = { deadline: Date.now() + deadlineMs };
    return new Promise((resolve) => {
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { service: '' },
        options,
        (error, answer) => {
          resolve({ error, answer });
        },
      );
    });
  }

  close(): void {
    this.client.close();
  }
}
