import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { certificateSubject } from '../../ports/access.js';

/** What HTTP/2 adds to each piece of a body (RFC 9113, 4.1). */
const FRAME_HEAD_BYTES = 9;

/** A client's connection that speaks HTTP/2. */
export class Connection {
  /** Address of the client without port; `undefined` if it had left before it was seen. */
  readonly from: string | undefined;
  /** Whether its client has been admitted: it got an answer that is not a refusal. */
  #isAdmitted = false;
  #claimedBytes = 0;
  #subject: string | undefined | null = null;

  /** @param onAdmitted called once */
  constructor(
    readonly socket: Socket,
    readonly session: ServerHttp2Session,
    private readonly onAdmitted: () => void,
  ) {
    this.from = socket.remoteAddress?.replace(/^::ffff:/i, '');
  }

  /** Told of every answer that only an admitted client gets. */
  admit(): void {
    if (this.#isAdmitted) return;
    this.#isAdmitted = true;
    this.onAdmitted();
  }

  /** Told of the bytes of each request but for its body. */
  claim(bytes: number): void {
    this.#claimedBytes += bytes;
  }

  /** Told of each piece that is read of the body of a request. */
  claimData(piece: Uint8Array): void {
    this.#claimedBytes += FRAME_HEAD_BYTES + piece.length;
  }

  /** Bytes that came and are of no request, or of one that nobody reads. */
  get unclaimedBytes(): number {
    return this.socket.bytesRead - this.#claimedBytes;
  }

  /** Subject of the client's certificate, which TLS has verified; `undefined` if it showed none. */
  get certificateSubject(): string | undefined {
    if (this.#subject === null) this.#subject = this.#readSubject();
    return this.#subject;
  }

  #readSubject(): string | undefined {
    if (!(this.socket instanceof TLSSocket)) return undefined;
    if (this.socket.getPeerX509Certificate() === undefined) return undefined;
    return certificateSubject({ ...this.socket.getPeerCertificate().subject });
  }
}
