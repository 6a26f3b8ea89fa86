import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { eventually } from './eventually.js';

/** What came in a line, whatever it is. */
export type Received = Readonly<Record<string, unknown>>;

/** A raw TCP client of the leader system for tests. It shares nothing with the server. */
export class MensagemClient {
  readonly received: Received[] = [];
  closed = false;
  private partial = '';

  private constructor(readonly socket: Socket) {
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.partial + text).split('\n');
      this.partial = lines.pop() ?? '';
      for (const line of lines) this.received.push(JSON.parse(line) as Received);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
  }

  /** @param address `host:port` */
  static async open(address: string): Promise<MensagemClient> {
    const [host = '', port = ''] = address.split(':');
    const socket = connect({ host, port: Number(port) });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new MensagemClient(socket);
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  send(...messages: readonly object[]): void {
    this.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  }

  /** Waits until so many answers have come, and returns the last of them. */
  async answers(count: number): Promise<Received> {
    await eventually(`${String(count)} answers`, () => this.received.length >= count);
    return this.received[count - 1]!;
  }

  /** Sends one and waits for its answer. */
  async ask(message: object): Promise<Received> {
    const count = this.received.length + 1;
    this.send(message);
    return this.answers(count);
  }

  async gone(): Promise<void> {
    await eventually('the server has closed the connection', () => this.closed);
  }

  close(): void {
    this.socket.destroy();
  }
}
