import { Client, connectivityState } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { hostPortText } from '../core/host-port.js';
import { protoPath } from '../files/proto-path.js';
import type { TlsFailure } from '../security/tls/failures.js';
import { PLAIN } from './security.js';
import type { ClientSecurity, Mismatch } from './security.js';

/** One server, as a client sees it. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** `away`: does not answer, or reports that it does not serve. `unknown`: not asked yet. */
type Condition = 'unknown' | 'serving' | 'away';

type Check = MethodDefinition<{ readonly service: string }, { readonly status: string }>;

const health = loadSync(protoPath('grpc/health.proto'), { enums: String, defaults: true })[
  'grpc.health.v1.Health'
];
const check = (health as unknown as { readonly Check: Check }).Check;

/** The connection to one server, and what is known of its health. */
export class Link {
  condition: Condition = 'unknown';
  readonly client: Client;
  /** For people: `127.0.0.1:9000`, `[::1]:9000`. */
  readonly name: string;

  /** Why the last connection ended, if because of TLS. */
  private tlsFailure: TlsFailure | undefined;

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

  /** Asks the server for its health. */
  probe(deadlineMs: number): Promise<void> {
    const { path, requestSerialize, responseDeserialize } = check;
    const options = { deadline: Date.now() + deadlineMs };
    return new Promise((resolve) => {
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { service: '' },
        options,
        (error, answer) => {
          this.condition = error === null && answer?.status === 'SERVING' ? 'serving' : 'away';
          resolve();
        },
      );
    });
  }

  close(): void {
    this.client.close();
  }
}
