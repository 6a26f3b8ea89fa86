import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * - `pass`: bytes go both ways
 * - `dropAnswers`: requests go through, answers vanish
 * - `dropRequests`: requests vanish
 */
export type ProxyMode = 'pass' | 'dropAnswers' | 'dropRequests';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  lossy: boolean;
}

/** A TCP proxy on a free loopback port that loses bytes without closing anything, as a network does. */
export class LossyProxy {
  private mode: ProxyMode = 'pass';
  private readonly pairs = new Set<Pair>();

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {}

  /** @param target `host:port` */
  static async start(target: string): Promise<LossyProxy> {
    const [host = '', port = ''] = target.split(':');
    const server = createServer();
    const proxy = new LossyProxy(server, { host, port: Number(port) });
    server.on('connection', (client) => proxy.join(client));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** `host:port` to connect to. */
  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Connections, still open, that have lost bytes. */
  get losses(): number {
    return [...this.pairs].filter(({ lossy }) => lossy).length;
  }

  /** A connection that has lost bytes is of no use afterwards: `pass` closes it. */
  set(mode: ProxyMode): void {
    this.mode = mode;
    if (mode !== 'pass') return;
    for (const pair of this.pairs) if (pair.lossy) end(pair);
  }

  async stop(): Promise<void> {
    for (const pair of this.pairs) end(pair);
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    const server = connect(this.target);
    const pair: Pair = { client, server, lossy: false };
    this.pairs.add(pair);
    this.carry(pair, client, server, 'dropRequests');
    this.carry(pair, server, client, 'dropAnswers');
  }

  private carry(pair: Pair, from: Socket, to: Socket, lostIn: ProxyMode): void {
    from.on('data', (bytes) => {
      if (this.mode === lostIn) pair.lossy = true;
      else to.write(bytes);
    });
    const over = (): void => {
      this.pairs.delete(pair);
      end(pair);
    };
    from.on('close', over);
    from.on('error', over);
  }
}

function end({ client, server }: Pair): void {
  client.destroy();
  server.destroy();
}
