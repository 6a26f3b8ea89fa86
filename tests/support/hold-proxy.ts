import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A TCP proxy that can hold back what goes to its target, as a slow network does: nothing is lost, only late. */
export class HoldProxy {
  private held = false;
  private readonly clients = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {}

  /** @param target `host:port`; nothing needs to listen there yet */
  static async start(target: string): Promise<HoldProxy> {
    const server = createServer();
    const proxy = new HoldProxy(server, target);
    server.on('connection', (client) => proxy.join(client));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  hold(): void {
    this.held = true;
    for (const client of this.clients) client.pause();
  }

  release(): void {
    this.held = false;
    for (const client of this.clients) client.resume();
  }

  /** Ends every connection; new ones are taken. */
  cut(): void {
    for (const client of this.clients) client.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    const [host = '', port = ''] = this.target.split(':');
    const server = connect({ host, port: Number(port) });
    this.clients.add(client);
    client.on('data', (chunk) => server.write(chunk));
    server.on('data', (chunk) => client.write(chunk));
    if (this.held) client.pause();
    for (const socket of [client, server]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.clients.delete(client);
        client.destroy();
        server.destroy();
      });
    }
  }
}
