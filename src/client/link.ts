import { Client, connectivityState, credentials } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath } from 'grpc-health-check';

/** One server, as a client sees it. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** `away`: it does not answer, or says that it does not serve. `unknown`: not asked yet. */
export type Condition = 'unknown' | 'serving' | 'away';

type Check = MethodDefinition<{ readonly service: string }, { readonly status: string }>;

const health = loadSync(protoPath, { enums: String, defaults: true })['grpc.health.v1.Health'];
const check = (health as unknown as { readonly Check: Check }).Check;

/** The connection to one server, and what is known of its health. */
export class Link {
  condition: Condition = 'unknown';
  readonly client: Client;
  /** As people write it: `127.0.0.1:9000`, `[::1]:9000`. */
  readonly name: string;

  constructor(readonly address: ServerAddress) {
    const { host, port } = address;
    this.name = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.client = new Client(this.name, credentials.createInsecure(), {
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.min_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 1_000,
      // A proxy in the environment is for the web, not for a server of the fleet.
      'grpc.enable_http_proxy': 0,
      'grpc.max_receive_message_length': -1,
    });
  }

  /** Whether there is or was a connection: without one nothing can have been sent. */
  get connected(): boolean {
    const state = this.client.getChannel().getConnectivityState(false);
    return state === connectivityState.READY || state === connectivityState.IDLE;
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
