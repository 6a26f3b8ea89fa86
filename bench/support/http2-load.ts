import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/**
 * Unary gRPC calls over one HTTP/2 connection with frames written by hand (RFC 9113): a load generator that costs a
 * few microseconds a call, can send another body each time, and looks at each answer.
 */
export interface Http2Load {
  readonly port: number;
  /** Who signed the server's certificate, in PEM: with it, the calls go over TLS. */
  readonly ca?: string | undefined;
  /** For example `/kvs.KVS/Insere`. */
  readonly path: string;
  /** Calls in all, and calls in flight at once. */
  readonly calls: number;
  readonly inFlight: number;
  /** Metadata of every call: at most ten, names and values shorter than 127 characters. */
  readonly metadata?: readonly (readonly [name: string, value: string])[];
  /** Called when the first call is answered; the others wait until it is over. */
  readonly opened?: (() => Promise<void>) | undefined;
  /** The body of a call: a gRPC frame. */
  body(call: number): Buffer;
  /** Whether a message is the answer that is expected. */
  isRight(message: Buffer): boolean;
}

const HOST = '127.0.0.1';
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
const FRAME_HEAD_BYTES = 9;
const WINDOW_BYTES = 65_535;
const GRPC_PREFIX_BYTES = 5;

/**
 * Runs the calls.
 * @returns ms from each call's request to the end of its answer
 * @throws Error at the first answer that is not right, and when the connection breaks
 */
export async function http2Load(load: Http2Load): Promise<Float64Array> {
  const { port, ca } = load;
  const socket =
    ca === undefined
      ? connect(port, HOST)
      : connectTls(port, HOST, { ca, servername: 'localhost', ALPNProtocols: ['h2'] });
  socket.setNoDelay();
  return new Promise<Float64Array>((resolve, reject) => {
    const connection = new Connection(socket, load, resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the server closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      try {
        connection.read(chunk);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        socket.destroy();
      }
    });
    connection.open();
  });
}

class Connection {
  private rest: Buffer = Buffer.alloc(0);
  private out: Buffer[] = [];
  private sent = 0;
  private done = 0;
  private right = 0;
  /** Bytes that the server still takes, and bytes that we took since we last said so. */
  private window = WINDOW_BYTES;
  private taken = 0;
  /** Whether more than the first call may be made. */
  private isOpened: boolean;
  private readonly times: Float64Array;
  private readonly laterHeaders: Buffer;

  constructor(
    private readonly socket: Socket,
    private readonly load: Http2Load,
    private readonly finished: (times: Float64Array) => void,
  ) {
    this.times = new Float64Array(load.calls);
    this.isOpened = load.opened === undefined;
    this.laterHeaders = laterHeaders(FIELDS + (load.metadata?.length ?? 0));
  }

  open(): void {
    this.out.push(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0, Buffer.alloc(0)));
    this.send();
  }

  read(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (bytes.length - at >= FRAME_HEAD_BYTES) {
      const end = at + FRAME_HEAD_BYTES + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
      this.take(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, stream, bytes.subarray(at + FRAME_HEAD_BYTES, end));
      at = end;
    }
    this.rest = bytes.subarray(at);
    if (this.taken > WINDOW_BYTES / 2) {
      const increment = Buffer.alloc(4);
      increment.writeUInt32BE(this.taken);
      this.out.push(frame(WINDOW_UPDATE, 0, 0, increment));
      this.taken = 0;
    }
    this.send();
  }

  private take(type: number, flags: number, stream: number, payload: Buffer): void {
    switch (type) {
      case DATA:
        this.taken += payload.length;
        this.check(payload);
        break;
      case SETTINGS:
        if ((flags & ACK) === 0) this.out.push(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
        break;
      case PING:
        if ((flags & ACK) === 0) this.out.push(frame(PING, ACK, 0, payload));
        break;
      case WINDOW_UPDATE:
        if (stream === 0) this.window += payload.readUInt32BE(0) & 0x7fff_ffff;
        break;
      case RST_STREAM:
      case GOAWAY:
        throw new Error(`the server ended a call or the connection: frame of type ${type}`);
    }
    if ((type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0) this.ended((stream - 1) / 2);
  }

  /** A small message comes in one piece. */
  private check(payload: Buffer): void {
    if (payload.length === 0) return;
    const message = payload.subarray(GRPC_PREFIX_BYTES);
    if (payload.readUInt32BE(1) !== message.length || !this.load.isRight(message)) {
      throw new Error(`not the answer that is expected: ${payload.toString('hex')}`);
    }
    this.right++;
  }

  private ended(call: number): void {
    this.times[call] = performance.now() - (this.times[call] ?? NaN);
    this.done++;
    if (this.right < this.done) throw new Error('a call ended without an answer');
    if (!this.isOpened) this.goOnOnceOpened();
    if (this.done < this.load.calls) return;
    this.socket.removeAllListeners('close');
    this.socket.end();
    this.finished(this.times);
  }

  private goOnOnceOpened(): void {
    const goOn = (): void => {
      this.isOpened = true;
      this.send();
    };
    this.load.opened?.().then(goOn, (error: unknown) => this.socket.destroy(error as Error));
  }

  private send(): void {
    const calls = this.isOpened ? this.load.calls : 1;
    const { inFlight } = this.load;
    while (this.sent < calls && this.sent - this.done < inFlight) {
      const body = this.load.body(this.sent);
      if (body.length > this.window) break;
      this.window -= body.length;
      const stream = 2 * this.sent + 1;
      this.out.push(
        frame(HEADERS, END_HEADERS, stream, this.sent === 0 ? this.firstHeaders() : this.laterHeaders),
        frame(DATA, END_STREAM, stream, body),
      );
      this.times[this.sent++] = performance.now();
    }
    if (this.out.length === 0) return;
    this.socket.write(Buffer.concat(this.out));
    this.out = [];
  }

  /** HPACK (RFC 7541): POST, http, and fields that both sides remember, the last one as number 62. */
  private firstHeaders(): Buffer {
    return Buffer.concat([
      Buffer.from([0x83, 0x86, 0x44]),
      hpackText(this.load.path),
      Buffer.from([0x41]),
      hpackText(HOST),
      Buffer.from([0x5f]),
      hpackText('application/grpc'),
      Buffer.from([0x40]),
      hpackText('te'),
      hpackText('trailers'),
      ...(this.load.metadata ?? []).flatMap(([name, value]) => [
        Buffer.from([0x40]),
        hpackText(name),
        hpackText(value),
      ]),
    ]);
  }
}

/** Path, authority, content-type and te. */
const FIELDS = 4;

/** The same with as many remembered fields, the first one the oldest. */
function laterHeaders(fields: number): Buffer {
  const remembered = Array.from({ length: fields }, (_, i) => 0x80 | (61 + fields - i));
  return Buffer.from([0x83, 0x86, ...remembered]);
}

function hpackText(content: string): Buffer {
  return Buffer.concat([Buffer.from([content.length]), Buffer.from(content)]);
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  payload.copy(bytes, FRAME_HEAD_BYTES);
  return bytes;
}
