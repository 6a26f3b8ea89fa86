const LINE_FEED = 0x0a;
const FIRST_BUFFER_BYTES = 1024;

/** Finds the lines in the pieces of a body, one by one. Of a line that is not whole it keeps what has come. Pure. */
export class PieceLines {
  private piece: Buffer = Buffer.alloc(0);
  private at = 0;
  private partial: Buffer | undefined;
  private partialBytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Adds a piece, whose bytes must not change any more. */
  add(piece: Buffer): void {
    this.piece = this.at === this.piece.length ? piece : Buffer.concat([this.piece.subarray(this.at), piece]);
    this.at = 0;
  }

  /** The next line without its end; `undefined` if none is whole. */
  next(): Buffer | 'tooLong' | undefined {
    const end = this.piece.indexOf(LINE_FEED, this.at);
    const bytes = (end < 0 ? this.piece.length : end) - this.at + this.partialBytes;
    if (bytes > this.maxBytes) return 'tooLong';
    const part = this.piece.subarray(this.at, end < 0 ? undefined : end);
    this.at = end < 0 ? this.piece.length : end + 1;
    if (end < 0) {
      this.keep(part);
      return undefined;
    }
    return this.whole(part);
  }

  /** What came after the last line end; `undefined` if nothing did. */
  rest(): Buffer | undefined {
    return this.partialBytes === 0 ? undefined : this.whole(Buffer.alloc(0));
  }

  private whole(part: Buffer): Buffer {
    if (this.partialBytes === 0) return part;
    this.keep(part);
    const line = (this.partial ?? part).subarray(0, this.partialBytes);
    this.partial = undefined;
    this.partialBytes = 0;
    return line;
  }

  /** In one buffer that grows with what has come: a piece of one byte would keep all that it came in. */
  private keep(part: Buffer): void {
    if (part.length === 0) return;
    const needed = this.partialBytes + part.length;
    if (this.partial === undefined || this.partial.length < needed) {
      const larger = Buffer.allocUnsafeSlow(
        Math.max(needed, 2 * (this.partial?.length ?? FIRST_BUFFER_BYTES / 2)),
      );
      this.partial?.copy(larger, 0, 0, this.partialBytes);
      this.partial = larger;
    }
    part.copy(this.partial, this.partialBytes);
    this.partialBytes = needed;
  }
}
