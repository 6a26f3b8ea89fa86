import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { HEAD_BYTES, PREFACE, frameFlag, frameType, settingsAck, settingsFrame } from './http2-frames.js';

/** How an attack connects. */
export interface Way {
  readonly port: number;
  /** File contents of the authority that the server's certificate is of; absent: no TLS. */
  readonly ca?: Buffer | undefined;
}

/** A connection that sends bytes as it likes. It counts the frames that it gets, and answers only SETTINGS. */
export class HostileClient {
  /** Frames received, by type. */
  readonly received = new Map<number, number>();
  receivedBytes = 0;
  /** PINGs that the server has answered. */
  answeredPings = 0;
  private wasClosed = false;
  private onHeard: (() => void) | undefined;
  private rest: Buffer = Buffer.alloc(0);

  private constructor(
    readonly socket: Socket,
    speaksHttp2: boolean,
  ) {
    socket
      .on('error', () => undefined)
      .once('close', () => {
        this.wasClosed = true;
        this.onHeard?.();
      });
    socket.on('data', (data: Buffer) => {
      this.receivedBytes += data.length;
      if (speaksHttp2) this.read(data);
      this.onHeard?.();
    });
  }

  /** A connection on which nothing was said yet. */
  static open({ port, ca }: Way, speaksHttp2 = true): Promise<HostileClient> {
    return new Promise((resolve, reject) => {
      const socket =
        ca === undefined
          ? connect({ port, host: '127.0.0.1' })
          : connectTls({
              ...{ port, host: '127.0.0.1', servername: 'localhost', ca },
              ALPNProtocols: speaksHttp2 ? ['h2'] : ['http/1.1'],
            });
      socket.once('error', reject).once(ca === undefined ? 'connect' : 'secureConnect', () => {
        socket.off('error', reject).setNoDelay(true);
        resolve(new HostileClient(socket, speaksHttp2));
      });
    });
  }

  /** A connection that has begun HTTP/2. @param settings identifiers with their values */
  static async greet(way: Way, ...settings: readonly (readonly [number, number])[]): Promise<HostileClient> {
    const client = await HostileClient.open(way);
    client.socket.write(Buffer.concat([PREFACE, settingsFrame(...settings)]));
    return client;
  }

  isClosed(): boolean {
    return this.wasClosed;
  }

  /** Sends bytes, and waits until the server takes more. @returns false once the connection is closed */
  async send(bytes: Buffer): Promise<boolean> {
    if (this.wasClosed) return false;
    if (this.socket.write(bytes)) {
      // What came meanwhile is heard, and others have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    } else {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          this.socket.off('drain', go).off('close', go);
          resolve();
        };
        this.socket.once('drain', go).once('close', go);
      });
    }
    return !this.wasClosed;
  }

  /** Resolves when something comes, or the connection is closed. */
  heard(): Promise<void> {
    return new Promise((resolve) => {
      if (this.wasClosed) resolve();
      else this.onHeard = resolve;
    });
  }

  count(type: number): number {
    return this.received.get(type) ?? 0;
  }

  close(): void {
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    let bytes = this.rest.length === 0 ? data : Buffer.concat([this.rest, data]);
    while (bytes.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + bytes.readUIntBE(0, 3);
      if (bytes.length < end) break;
      const type = bytes[3]!;
      this.received.set(type, this.count(type) + 1);
      const isAck = (bytes[4]! & frameFlag.ACK) !== 0;
      if (type === frameType.PING && isAck) this.answeredPings++;
      if (type === frameType.SETTINGS && !isAck) this.socket.write(settingsAck());
      bytes = bytes.subarray(end);
    }
    this.rest = bytes;
  }
}
