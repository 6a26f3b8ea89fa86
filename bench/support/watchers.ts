import { Client, credentials, type ClientReadableStream } from '@grpc/grpc-js';
import { loadedService, loadProto } from '../../src/doors/grpc/protos.js';

const service = loadedService(loadProto('loja.proto'), 'frota.v1.Loja');
const PER_CONNECTION = 100;

interface Interest {
  readonly chave?: string;
  readonly prefixo?: string;
}

/** Watches of a server from now on, all open until {@link close}. */
export class Watchers {
  /** Events but for the one that says that a watch is up to date. */
  events = 0;

  private readonly calls: ClientReadableStream<unknown>[] = [];

  private constructor(private readonly clients: readonly Client[]) {}

  /** Opens them, and waits until each is up to date. */
  static async open(port: number, interests: readonly Interest[]): Promise<Watchers> {
    const observe = service['Observa'];
    if (observe === undefined) throw new Error('no method Observa');
    const { path, requestSerialize, responseDeserialize } = observe;
    const clients = Array.from(
      { length: Math.ceil(interests.length / PER_CONNECTION) },
      () =>
        new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
          'grpc.use_local_subchannel_pool': 1,
          'grpc.enable_http_proxy': 0,
        }),
    );
    const watchers = new Watchers(clients);
    await Promise.all(
      interests.map((interest, i) => {
        const client = clients[Math.floor(i / PER_CONNECTION)] as Client;
        const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, interest);
        return watchers.begun(call);
      }),
    );
    watchers.events = 0;
    return watchers;
  }

  close(): void {
    for (const call of this.calls) call.cancel();
    for (const client of this.clients) client.close();
  }

  private begun(call: ClientReadableStream<unknown>): Promise<void> {
    this.calls.push(call);
    return new Promise((resolve, reject) => {
      call.on('data', () => {
        this.events++;
        resolve();
      });
      call.on('error', reject);
    });
  }
}
