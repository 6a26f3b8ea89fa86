import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** How a raw connection reaches a port of this machine. */
export interface RawWay {
  readonly port: number;
  readonly host?: string;
  /** With it, TLS. @remarks `protocols`: of ALPN; none if empty */
  readonly tls?: { readonly ca: Buffer; readonly protocols: readonly string[] };
}

/** A connection of which a test sends every byte itself. */
export class RawConnection {
  /** What has come. */
  received = Buffer.alloc(0);
  isClosed = false;
  private waiting: (() => void)[] = [];

  private constructor(readonly socket: Socket) {
    socket.on('data', (piece: Buffer) => {
      this.received = Buffer.concat([this.received, piece]);
      this.tell();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.isClosed = true;
      this.tell();
    });
  }

  static open({ port, host = '127.0.0.1', tls }: RawWay): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const options = { port, host, noDelay: true };
      const socket =
        tls === undefined
          ? connectPlain(options)
          : connectTls({ ...options, ca: tls.ca, ALPNProtocols: [...tls.protocols] });
      socket.once('error', reject);
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket));
      });
    });
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  write(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Waits for something that has come. @throws Error if it never comes */
  async until(done: (connection: this) => boolean, deadlineMs = 10_000): Promise<void> {
    const end = Date.now() + deadlineMs;
    while (!done(this)) {
      const leftMs = end - Date.now();
      if (leftMs <= 0) throw new Error(`never came, closed: ${String(this.isClosed)}; ${this.text}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Everything until the server closes. */
  async rest(deadlineMs?: number): Promise<string> {
    await this.until(({ isClosed }) => isClosed, deadlineMs);
    return this.text;
  }

  destroy(): void {
    this.socket.destroy();
  }

  private tell(): void {
    for (const tell of this.waiting.splice(0)) tell();
  }
}

/** Sends bytes, and waits until the server closes. */
export async function rawExchange(way: RawWay, bytes: string | Buffer): Promise<string> {
  const connection = await RawConnection.open(way);
  try {
    connection.write(bytes);
    return await connection.rest();
  } finally {
    connection.destroy();
  }
}

/** A GET as HTTP/1.1 writes it, after which the connection ends. @param fields lines without their ends */
export function getText(path: string, fields: readonly string[] = ['Host: localhost']): string {
  return [`GET ${path} HTTP/1.1`, ...fields, 'Connection: close', '', ''].join('\r\n');
}
