import type { Socket } from 'node:net';

/**
 * The connections of one port, bounded in number.
 *
 * Admitted connections stay: a crowd of strangers cannot evict them. Of the others, the oldest gives way to a new one: a
 * single byte, half a handshake, a connection without calls and calls without a credential are cheap.
 */
export class Connections {
  private readonly open = new Set<Socket>();
  /** Connections whose client has not been admitted yet, oldest first. */
  private readonly newcomers = new Set<Socket>();
  private whenIdle: (() => void)[] = [];

  /** @param onRefused gets a connection to close for lack of room */
  constructor(
    private readonly onRefused: (socket: Socket) => void,
    private readonly most: number,
  ) {}

  /** Connections that are open. */
  get size(): number {
    return this.open.size;
  }

  /** @returns false if there is no room for it; `onRefused` was called with it */
  enter(socket: Socket): boolean {
    if (this.open.size >= this.most) {
      const [oldest] = this.newcomers;
      if (oldest !== undefined) this.forget(oldest);
      this.onRefused(oldest ?? socket);
      if (oldest === undefined) return false;
    }
    this.open.add(socket);
    this.newcomers.add(socket);
    socket.once('close', () => {
      this.forget(socket);
    });
    return true;
  }

  /** Its client got an answer that is not a refusal. */
  admit(socket: Socket): void {
    this.newcomers.delete(socket);
  }

  /** Ends them all. */
  cut(): void {
    for (const socket of this.open) socket.destroy();
  }

  /** Resolves once no connection is open. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.open.size === 0) resolve();
      else this.whenIdle.push(resolve);
    });
  }

  private forget(socket: Socket): void {
    this.newcomers.delete(socket);
    if (!this.open.delete(socket) || this.open.size > 0) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}
