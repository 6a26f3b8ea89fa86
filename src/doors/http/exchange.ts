import type { IncomingHttpHeaders } from 'node:http';

/** Header fields of an answer; names in lower case. */
export type HttpFields = Readonly<Record<string, string>>;

/** One answer, whole. */
export interface HttpAnswer {
  readonly status: number;
  readonly fields: HttpFields;
  /** Absent: it has none. */
  readonly body?: string | Buffer | undefined;
}

/** Receives the pieces of a body. */
export interface BodySink {
  onData(piece: Buffer): void;
  onEnd(): void;
}

/** A request and its answer, whichever version of HTTP they travel by. */
export interface Exchange {
  readonly method: string;
  /** The target as received. */
  readonly url: string;
  /** By name in lower case; `:authority` is not among them. */
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  /** Address of the client without port; `undefined` if it had left before it was seen. */
  readonly from: string | undefined;
  /** The address of ours that the connection came to. */
  readonly localAddress: string | undefined;
  /** Subject of the client's certificate, which TLS has verified; `undefined` if it showed none. */
  readonly certificateSubject: string | undefined;

  /**
   * @returns now, by the monotonic clock, in ms
   * @throws KvsError SERVIDOR_PAROU if the request waited while this process stood still
   */
  takeUp(): number;
  /** Told of every answer that only an admitted client gets. */
  admit(): void;

  /** Reads the body; whoever waits for leave to send it gets it. To be called in the turn in which the request came. */
  readBody(sink: BodySink): void;
  /** Reads no more of the body for now; HTTP stops the client when its window is full. */
  pause(): void;
  resume(): void;

  /** Sends the whole answer. What comes of the body is dropped. */
  respond(answer: HttpAnswer): void;
  /** Begins an answer of many pieces, which may last for as long as its client takes them. */
  begin(status: number, fields: HttpFields): void;
  /** @returns false if the client takes no more for now: wait for {@link onRoom} */
  write(text: string): boolean;
  /** Ends an answer that has begun. @param trailers of a length that fits header fields */
  end(trailers?: HttpFields): void;
  /** Ends an answer that has begun so that its client sees that it is not whole. */
  abort(): void;
  readonly hasBegun: boolean;
  /** Whether the client takes no more for now. */
  readonly needsRoom: boolean;
  /** Whether nothing more can be sent: answered, or its client left. */
  isOver(): boolean;
  onRoom: (() => void) | undefined;
  onOver: (() => void) | undefined;
  /** Called when the server stops, at once if it does so already; absent: the exchange ends soon by itself. */
  onLeave: (() => void) | undefined;
}
