import type { ClientReadableStream } from '@grpc/grpc-js';
import { DoorClient, loadService } from './door-client.js';
import type { ServerProcess } from './server-process.js';

const service = loadService('loja.proto', 'frota.v1.Loja');

interface Evento {
  readonly tipo: string;
  readonly linha: { readonly chave: string; readonly versao: number; readonly origem: string } | null;
  readonly token: string;
}

const RETRY_MS = 100;

/**
 * A reader of `Observa` that goes from server to server after so many events, and whenever a connection breaks, with its
 * last token. It counts what it is told of each version.
 */
export class MovingWatcher {
  /** How often each version was told to have come, and to have gone, since the watch last began anew. */
  readonly inserted = new Map<string, number>();
  readonly removed = new Map<string, number>();
  restarts = 0;
  moves = 0;
  events = 0;
  private token = '';
  private isOver = false;
  private call: ClientReadableStream<Evento> | undefined;
  private readonly done: Promise<void>;

  constructor(
    private readonly servers: readonly ServerProcess[],
    private readonly prefix: string,
    /** It goes on to another server after so many events. */
    private readonly stay: number,
  ) {
    this.done = this.run();
  }

  /** Versions that are there, as it was told. */
  get present(): string[] {
    return [...this.inserted.keys()].filter((name) => !this.removed.has(name)).sort();
  }

  /** Versions told more than once. */
  get repeated(): string[] {
    const twice = (told: ReadonlyMap<string, number>): string[] =>
      [...told].filter(([, count]) => count > 1).map(([name]) => name);
    return [...twice(this.inserted), ...twice(this.removed)];
  }

  async stop(): Promise<void> {
    this.isOver = true;
    this.call?.cancel();
    await this.done;
  }

  private async run(): Promise<void> {
    for (let turn = 0; !this.isOver; turn++) {
      const server = this.servers[turn % this.servers.length]!;
      const before = this.events;
      await this.watch(server.port);
      this.moves++;
      if (this.events === before) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** One connection, until it has lasted long enough or breaks. */
  private async watch(port: number): Promise<void> {
    const client = new DoorClient(service, port);
    const start = this.token === '' ? { tudo: true } : { token: this.token };
    const call = (this.call = client.openStream<Evento>('Observa', { prefixo: this.prefix, ...start }));
    let left = this.stay;
    await new Promise<void>((resolve) => {
      call.on('data', (event: Evento) => {
        // What comes after the last one that counts is told again elsewhere.
        if (left <= 0 || this.isOver) return;
        this.take(event);
        // Who left within a state would have to begin it anew, for ever.
        if (event.linha !== null && event.tipo !== 'PRESENTE' && --left === 0) call.cancel();
      });
      call.on('error', () => undefined);
      call.on('status', () => resolve());
    });
    client.close();
  }

  private take({ tipo, linha, token }: Evento): void {
    this.events++;
    if (token !== '') this.token = token;
    if (tipo === 'RECOMECA') {
      this.restarts++;
      this.inserted.clear();
      this.removed.clear();
    }
    if (linha === null) return;
    const name = `${linha.chave}@${linha.versao} ${linha.origem}`;
    const told = tipo === 'REMOVE' || tipo === 'EXPIRA' ? this.removed : this.inserted;
    told.set(name, (told.get(name) ?? 0) + 1);
  }
}
