import { constants } from 'node:http2';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Connection } from '../../port/connection.js';
import { endOnceAnswered } from '../../port/cut.js';
import { CALL_BYTES } from '../../port/limits.js';
import type { TrackedCall } from '../../port/open-calls.js';
import { frame, frameBytes, frames, MessageReader } from './framing.js';
import type { FramingFault } from './framing.js';
import { percentEncoded } from './percent.js';
import { status } from './status.js';
import type { StatusCode } from './status.js';

/** Trailing metadata: printable ASCII by lower-case names. */
export type CallTrailers = Readonly<Record<string, string>>;

/** How a call ends. */
export interface CallStatus {
  readonly code: StatusCode;
  readonly details: string;
  readonly trailers?: CallTrailers | undefined;
}

/** What the calls of one server share. */
export interface CallHost {
  /** Largest message that is read, in bytes. */
  readonly maxMessageBytes: number;
  /** Told of the bytes that are held of a request which has not come in whole; 0: no longer. */
  readonly hold: (stream: ServerHttp2Stream, bytes: number) => void;
  /** Has {@link ServerCall.flush} called when this turn of the event loop is over. */
  readonly flushLater: (call: ServerCall) => void;
}

/** What reads the requests of a call that may have many. */
export interface MessageSink {
  onMessage(message: Buffer): void;
  /** The client has half-closed, and all its messages have been taken. */
  onEnd(): void;
}

/** Header fields of every answer. */
export const ANSWER_HEADERS = Object.freeze({
  ':status': constants.HTTP_STATUS_OK,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity',
});
const WITH_TRAILERS = Object.freeze({ waitForTrailers: true });
const AT_ONCE = Object.freeze({ endStream: true });
const DONE: CallTrailers = Object.freeze({ 'grpc-status': '0' });

/** Answers of one turn are gathered up to this many bytes. */
const GATHERED_BYTES = 16 * 1024;
/** The longest time that a timer of Node's takes; a later deadline is none. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/** The initial window: a client may send this much before any of it is read. */
const FIRST_WINDOW_BYTES = 65_535;

/**
 * One call of gRPC on a stream of HTTP/2: reads its messages, writes the answers, and ends with a status. Source: "gRPC
 * over HTTP2".
 *
 * Nothing is read before {@link readOne} or {@link readMany}. Once the call is over nothing more is called or sent, and
 * what is written is dropped.
 */
export class ServerCall implements TrackedCall {
  /** Called when the call is over: answered, cancelled, past its deadline, or disconnected. */
  onOver: (() => void) | undefined;
  /** Called when the client has room again for what `write` gave false for. */
  onRoom: (() => void) | undefined;

  readonly #reader: MessageReader;
  #sink: MessageSink | undefined;
  /** The only request, whole, while its client has not half-closed. */
  #request: Buffer | undefined;
  /** Whether requests are read; until then, Node keeps what comes. */
  #isReading = false;
  #isPaused = false;
  /** The client has half-closed. */
  #isEnded = false;
  /** Answers that were not sent yet, with their bytes. */
  #gathered: Uint8Array[] | undefined;
  #gatheredBytes = 0;
  #needsRoom = false;
  #trailers: CallTrailers | undefined;
  /** The server stops. */
  #isLeaving = false;
  #onLeave: (() => void) | undefined;
  /** Still open after its first turn. */
  #isLasting = false;
  #isFinished = false;
  #isClosed = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor(
    readonly stream: ServerHttp2Stream,
    readonly headers: IncomingHttpHeaders,
    readonly connection: Connection,
    /** When the client gives up, in ms since 1970; Infinity: never. */
    readonly deadlineMs: number,
    private readonly host: CallHost,
    private readonly headerBytes: number,
    /** Whether an answer shows that the caller was admitted. */
    private readonly admits: boolean,
    maxMessageBytes = host.maxMessageBytes,
  ) {
    this.#reader = new MessageReader(maxMessageBytes);
  }

  /** Whether nothing more can be sent: answered, cancelled, past its deadline, or disconnected. */
  isOver(): boolean {
    return this.#isFinished || this.stream.closed || this.stream.destroyed;
  }

  /** Called when the server stops, at once if it does so already; absent: the call ends soon by itself. */
  set onLeave(leave: () => void) {
    this.#onLeave = leave;
    if (this.#isLeaving) leave();
  }

  leave(): void {
    this.#isLeaving = true;
    this.#onLeave?.();
  }

  /** Reads the only request, and hands it over when the client has half-closed. */
  readOne(serve: (request: Buffer) => void): void {
    const { stream } = this;
    this.#isReading = true;
    stream.on('data', (piece: Buffer) => {
      this.connection.claimData(piece);
      if (this.isOver()) return;
      this.#reader.add(piece);
      for (let next = this.#reader.next(); next !== undefined; next = this.#reader.next()) {
        if (!Buffer.isBuffer(next)) {
          this.end(next);
          return;
        }
        if (this.#request !== undefined) {
          this.end({ code: status.UNIMPLEMENTED, details: 'esta chamada leva uma só mensagem' });
          return;
        }
        this.#request = next;
      }
      if (this.#isLasting) this.#holdRequest(0);
    });
    stream.on('end', () => {
      this.#isEnded = true;
      const request = this.#request;
      this.#request = undefined;
      if (this.isOver()) return;
      if (this.#isLasting) this.host.hold(stream, 0);
      if (!this.#reader.isBetweenMessages) this.end(TRUNCATED);
      else if (request === undefined) {
        this.end({
          code: status.UNIMPLEMENTED,
          details: 'esta chamada leva uma mensagem, e não veio nenhuma',
        });
      } else serve(request);
    });
  }

  /** Reads requests as they come, until {@link pause}. */
  readMany(sink: MessageSink): void {
    const { stream } = this;
    this.#sink = sink;
    this.#isReading = true;
    if (this.#isLasting) this.#holdRequest(0);
    stream.on('data', (piece: Buffer) => {
      this.connection.claimData(piece);
      if (this.isOver()) return;
      this.#reader.add(piece);
      this.#hand();
    });
    stream.on('end', () => {
      this.#isEnded = true;
      this.#hand();
    });
  }

  /** Takes no more requests for now. HTTP/2 stops the client when its window is full. */
  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.stream.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // Flows only from the next tick on: what follows may pause it again.
    this.stream.resume();
    this.#hand();
  }

  /** Sends an answer of several. @returns false if the client takes no more for now: wait for {@link onRoom} */
  write(message: Uint8Array): boolean {
    if (this.isOver()) return false;
    if (this.#gathered === undefined) {
      this.#gathered = [];
      this.host.flushLater(this);
    }
    this.#gathered.push(message);
    this.#gatheredBytes += frameBytes(message);
    if (this.#gatheredBytes >= GATHERED_BYTES) this.flush();
    return !this.#needsRoom;
  }

  /** Whether the client takes no more answers for now. */
  get needsRoom(): boolean {
    return this.#needsRoom;
  }

  /** Sends the answers that were gathered. */
  flush(): void {
    if (this.#gathered === undefined || this.isOver()) return;
    const bytes = frames(this.#gathered, this.#gatheredBytes);
    this.#gathered = undefined;
    this.#gatheredBytes = 0;
    if (!this.stream.headersSent) {
      this.stream.on('drain', () => {
        this.#needsRoom = false;
        this.onRoom?.();
      });
    }
    this.#sendHeaders();
    this.#needsRoom = !this.stream.write(bytes);
  }

  /** Sends the only answer, and ends the call. */
  answer(message: Uint8Array, trailers: CallTrailers | undefined): void {
    if (this.isOver()) return;
    this.#trailers = trailers === undefined ? DONE : { ...DONE, ...trailers };
    this.#sendHeaders();
    this.stream.end(frame(message));
    this.#finish();
  }

  /** Ends the call with a status, after the answers already written. */
  end(outcome: CallStatus): void {
    if (this.isOver()) return;
    this.flush();
    const { code, details, trailers } = outcome;
    const told = details === '' ? trailers : { 'grpc-message': percentEncoded(details), ...trailers };
    this.#trailers = { 'grpc-status': String(code), ...told };
    if (this.stream.headersSent) this.stream.end();
    else this.stream.respond({ ...ANSWER_HEADERS, ...this.#trailers }, AT_ONCE);
    this.#finish();
  }

  onTurnEnd(): void {
    // Nearly all calls are over by now, and cost nothing of what follows.
    if (this.#isFinished) return;
    if (this.isOver()) {
      this.#close();
      return;
    }
    this.#isLasting = true;
    const close = (): void => {
      this.#close();
    };
    this.stream.on('aborted', close).on('close', close);
    if (!this.#isEnded) this.#holdRequest(this.#isReading ? 0 : FIRST_WINDOW_BYTES);
    const leftMs = this.deadlineMs - Date.now();
    if (leftMs > TIMER_MS_MAX) return;
    this.#deadline = setTimeout(() => {
      this.end({ code: status.DEADLINE_EXCEEDED, details: 'o prazo da chamada acabou' });
    }, leftMs).unref();
  }

  /** Hands over what has come, unless paused. */
  #hand(): void {
    const sink = this.#sink;
    while (!this.#isPaused && !this.isOver() && sink !== undefined) {
      const next = this.#reader.next();
      if (next === undefined) {
        if (this.#isEnded) this.#handEnd(sink);
        else if (this.#isLasting) this.#holdRequest(0);
        return;
      }
      if (!Buffer.isBuffer(next)) {
        this.end(next);
        return;
      }
      sink.onMessage(next);
    }
    // What is whole waits for us, not for its client.
    if (this.#isPaused && this.#isLasting) this.host.hold(this.stream, 0);
  }

  #handEnd(sink: MessageSink): void {
    if (this.#isLasting) this.host.hold(this.stream, 0);
    if (this.#reader.isBetweenMessages) sink.onEnd();
    else this.end(TRUNCATED);
  }

  /** @param bytes besides those of the requests that are not taken */
  #holdRequest(bytes: number): void {
    const isHeld = this.#sink === undefined || this.#reader.heldBytes > 0;
    // A small request may keep a large piece of what has come.
    const request = this.#request?.buffer.byteLength ?? 0;
    const held = CALL_BYTES + this.headerBytes + this.#reader.heldBytes + request + bytes;
    this.host.hold(this.stream, isHeld ? held : 0);
  }

  #sendHeaders(): void {
    if (this.stream.headersSent) return;
    this.stream.on('wantTrailers', () => {
      this.stream.sendTrailers(this.#trailers ?? DONE);
    });
    this.stream.respond(ANSWER_HEADERS, WITH_TRAILERS);
    if (this.admits) this.connection.admit();
  }

  #finish(): void {
    this.#isFinished = true;
    if (!this.#isEnded) endOnceAnswered(this.stream);
    this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isFinished = true;
    clearTimeout(this.#deadline);
    if (this.#isLasting) this.host.hold(this.stream, 0);
    // Unread requests would keep the stream alive.
    if (!this.#isEnded) this.stream.resume();
    this.onOver?.();
  }
}

const TRUNCATED: FramingFault = Object.freeze({
  code: status.INTERNAL,
  details: 'a mensagem não veio inteira',
});
