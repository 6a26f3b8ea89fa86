import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Bytes that a direction keeps before it stops reading: what is held is bounded by the sender's own window then. */
const KEPT_BYTES = 1024 * 1024;

/**
 * - `pass`: bytes go both ways, after the delay
 * - `cut`: every connection is reset, and every new one
 * - `hold`: nothing passes either way and nothing is closed, as behind a pulled cable: what was sent meanwhile arrives
 *   once it passes again
 * - `holdUp`, `holdDown`: the same one way, towards the target or back
 */
export type RelayMode = 'pass' | 'cut' | 'hold' | 'holdUp' | 'holdDown';

/** A network cable: a TCP relay from a free loopback port to another port, which can be cut, held and slowed down. */
export class CaosRelay {
  private mode: RelayMode = 'pass';
  private delayMs = 0;
  private readonly links = new Set<Link>();

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (near) => {
      this.accept(near);
    });
  }

  /** @param target `host:port`; nothing needs to listen there yet */
  static async open(target: string): Promise<CaosRelay> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: 0, host: '127.0.0.1' }, resolve);
    });
    const [host = '', port = ''] = target.split(':');
    return new CaosRelay(server, { host, port: Number(port) });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  set(mode: RelayMode): void {
    this.mode = mode;
    for (const link of [...this.links]) {
      if (mode === 'cut') link.end();
      else link.flow();
    }
  }

  /** Whatever passes from now on arrives so much later, in order. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  async close(): Promise<void> {
    this.set('cut');
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(near: Socket): void {
    if (this.mode === 'cut') {
      near.on('error', () => undefined);
      near.destroy();
      return;
    }
    const holds = (way: 'up' | 'down'): boolean => {
      return this.mode === 'hold' || this.mode === (way === 'up' ? 'holdUp' : 'holdDown');
    };
    const link = new Link(near, this.target, holds, () => this.delayMs);
    this.links.add(link);
    link.over = () => this.links.delete(link);
    link.flow();
  }
}

/** One connection through the relay. */
class Link {
  over: () => void = () => undefined;
  private far: Socket | undefined;
  private readonly up: Way;
  private readonly down: Way;

  constructor(
    private readonly near: Socket,
    private readonly target: { readonly host: string; readonly port: number },
    private readonly holds: (way: 'up' | 'down') => boolean,
    delayMs: () => number,
  ) {
    this.up = new Way(delayMs, () => holds('up'));
    this.down = new Way(delayMs, () => holds('down'));
    this.up.from(near);
    this.down.to(near);
    near.once('close', () => {
      if (this.far === undefined || this.far.destroyed) this.over();
    });
  }

  flow(): void {
    // The first packet of a connection does not pass either.
    if (this.far === undefined && !this.holds('up')) {
      this.far = connect(this.target);
      this.up.to(this.far);
      this.down.from(this.far);
      this.far.once('close', () => {
        if (this.near.destroyed) this.over();
      });
    }
    this.up.flow();
    this.down.flow();
  }

  end(): void {
    this.near.destroy();
    this.far?.destroy();
    this.over();
  }
}

/** One direction of a connection. Its end waits its turn behind the bytes. */
class Way {
  private readonly queue: { readonly atMs: number; readonly bytes: Buffer | undefined }[] = [];
  private keptBytes = 0;
  private source: Socket | undefined;
  private target: Socket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(
    private readonly delayMs: () => number,
    private readonly isHeld: () => boolean,
  ) {}

  from(source: Socket): void {
    this.source = source;
    source.setNoDelay(true);
    source.on('data', (bytes) => {
      this.take(bytes);
    });
    // An error is followed by a close.
    source.on('error', () => undefined);
    source.on('close', () => {
      this.take(undefined);
    });
  }

  to(target: Socket): void {
    this.target = target;
    target.on('error', () => undefined);
    target.on('drain', () => {
      this.flow();
    });
  }

  flow(): void {
    clearTimeout(this.timer);
    if (this.isHeld() || this.target === undefined) return;
    for (let first = this.queue[0]; first !== undefined; first = this.queue[0]) {
      const waitMs = first.atMs - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => {
          this.flow();
        }, waitMs);
        return;
      }
      if (this.target.writableLength > KEPT_BYTES) return;
      this.queue.shift();
      if (first.bytes === undefined) {
        this.target.destroySoon();
        return;
      }
      this.keptBytes -= first.bytes.length;
      this.target.write(first.bytes);
    }
    this.source?.resume();
  }

  private take(bytes: Buffer | undefined): void {
    if (this.ended) return;
    if (bytes === undefined) this.ended = true;
    else this.keptBytes += bytes.length;
    this.queue.push({ atMs: performance.now() + this.delayMs(), bytes });
    if (this.keptBytes > KEPT_BYTES) this.source?.pause();
    this.flow();
  }
}
