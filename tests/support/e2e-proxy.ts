import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A TCP relay between servers and a broker: cutting it parts its servers from the rest of the fleet. */
export class Relay {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private broken = false;

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    server.on('connection', (near) => {
      this.accept(near);
    });
  }

  static async open(targetPort: number): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen({ port: 0, host: '127.0.0.1' }, () => {
        resolve();
      });
    });
    return new Relay(server, targetPort);
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends every connection, and every new one at once. */
  cut(): void {
    this.broken = true;
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  heal(): void {
    this.broken = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(near: Socket): void {
    if (this.broken) {
      near.destroy();
      return;
    }
    const far = connect({ port: this.targetPort, host: '127.0.0.1' });
    const pair = [near, far] as const;
    this.pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    for (const socket of pair) {
      // An error is followed by a close.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
  }
}
