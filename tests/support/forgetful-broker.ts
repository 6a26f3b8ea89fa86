import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Aedes } from 'aedes';

/** A broker that acknowledges whatever it is given, and then gives it to nobody whom `deaf` names. */
export class ForgetfulBroker {
  /** Whether the client of this origin gets nothing that others publish. */
  deaf: (origin: string) => boolean = () => false;

  /** Messages taken, by the third level of their topics. */
  readonly taken = new Map<string, number>();

  private constructor(
    private readonly aedes: Aedes,
    private readonly server: ReturnType<typeof createServer>,
    private readonly sockets: Set<Socket>,
  ) {
    aedes.on('publish', ({ topic }) => {
      const channel = topic.split('/')[2] ?? '';
      this.taken.set(channel, (this.taken.get(channel) ?? 0) + 1);
    });
    aedes.authorizeForward = (client, packet) => {
      // kvs:<fleet>:<origin>:<drawn>
      const origin = client.id.split(':')[2] ?? '';
      const from = packet.topic.split('/').at(-1) ?? '';
      return from !== origin && this.deaf(origin) ? null : packet;
    };
  }

  static async start(): Promise<ForgetfulBroker> {
    const aedes = await Aedes.createBroker();
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      aedes.handle(socket);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new ForgetfulBroker(aedes, server, sockets);
  }

  get url(): string {
    return `mqtt://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    await new Promise<void>((resolve) => {
      this.aedes.close(resolve);
    });
  }
}
