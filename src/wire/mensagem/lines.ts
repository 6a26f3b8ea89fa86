const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Bytes of unfinished lines held by several readers together. */
export interface ByteBudget {
  used: number;
  readonly max: number;
}

/** Thrown when a line or a budget exceeds its limit. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';
}

const NOTHING = Buffer.alloc(0);

/**
 * Splits a stream of bytes into lines, however it is segmented. Holds at most one unfinished line, of at most
 * `maxBytes`, and the lines of one segment, undivided: a peer that sends a million lines, or one line in a million
 * segments, and then does not read, must not cause a million objects. Blank lines are skipped. `maxBytes` may change
 * during reading; it applies to bytes received from then on.
 */
export class LineReader {
  /** Complete lines with their ends, in order. */
  private ready: Buffer[] = [];
  /** Offset of the next line in the first buffer of {@link ready}. */
  private at = 0;
  /** The unfinished line, in a buffer with spare capacity. */
  private partial = NOTHING;
  private partialBytes = 0;

  constructor(
    public maxBytes: number,
    private budget: ByteBudget,
  ) {}

  /** Whether an unfinished line is held. */
  get isMidLine(): boolean {
    return this.partialBytes > 0;
  }

  /** Whether a complete line is waiting, even a blank one. */
  get hasLine(): boolean {
    return this.ready.length > 0;
  }

  /** From now on the bytes held count against this budget. */
  moveTo(budget: ByteBudget): void {
    this.budget.used -= this.partialBytes;
    budget.used += this.partialBytes;
    this.budget = budget;
  }

  /** @throws LineTooLong; the lines before it can still be read */
  push(chunk: Buffer): void {
    let from = 0;
    let whole = 0;
    try {
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
        this.assertFits(end - from);
        if (this.partialBytes > 0) {
          this.ready.push(
            Buffer.concat([this.partial.subarray(0, this.partialBytes), chunk.subarray(0, end + 1)]),
          );
          this.clearPartial();
          whole = end + 1;
        }
        from = end + 1;
      }
    } finally {
      if (from > whole) this.ready.push(chunk.subarray(whole, from));
    }
    if (from < chunk.length) this.keep(chunk.subarray(from));
  }

  /** The next complete line without its end; `undefined` if there is none yet. */
  next(): Buffer | undefined {
    for (let [first] = this.ready; first !== undefined; [first] = this.ready) {
      const end = first.indexOf(LINE_FEED, this.at);
      const line = first.subarray(this.at, end);
      this.at = end + 1;
      if (this.at === first.length) {
        this.ready.shift();
        this.at = 0;
      }
      const text = line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
      if (text.length > 0) return text;
    }
    return undefined;
  }

  /** Drops all held lines and releases their bytes from the budget. */
  discard(): void {
    this.ready = [];
    this.at = 0;
    this.clearPartial();
  }

  private keep(piece: Buffer): void {
    this.assertFits(piece.length);
    if (this.budget.used + piece.length > this.budget.max) throw new LineTooLong();
    const needed = this.partialBytes + piece.length;
    if (needed > this.partial.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.partial.length));
      this.partial.copy(larger, 0, 0, this.partialBytes);
      this.partial = larger;
    }
    // Copied, since the piece may be a slice of a large buffer that the line must not keep alive.
    piece.copy(this.partial, this.partialBytes);
    this.partialBytes = needed;
    this.budget.used += piece.length;
  }

  private assertFits(more: number): void {
    if (this.partialBytes + more > this.maxBytes) throw new LineTooLong();
  }

  private clearPartial(): void {
    this.budget.used -= this.partialBytes;
    this.partial = NOTHING;
    this.partialBytes = 0;
  }
}
