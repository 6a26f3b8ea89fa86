const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Bytes of unfinished lines that several readers hold together. */
export interface ByteBudget {
  used: number;
  readonly max: number;
}

/** A line or a budget has no more room. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';
}

/**
 * Cuts a stream of bytes into lines, however its segments fall. Holds at most one unfinished line, of at most `maxBytes`,
 * and the lines of one segment. Blank lines are passed over.
 */
export class LineReader {
  private ready: Buffer[] = [];
  private at = 0;
  private partial: Buffer[] = [];
  private partialBytes = 0;

  constructor(
    private readonly maxBytes: number,
    private budget: ByteBudget,
  ) {}

  /** Whether a line has begun that is not finished. */
  get isMidLine(): boolean {
    return this.partialBytes > 0;
  }

  /** Whether a complete line waits. */
  get hasLine(): boolean {
    return this.at < this.ready.length;
  }

  /** From now on what it holds counts on this budget. */
  moveTo(budget: ByteBudget): void {
    this.budget.used -= this.partialBytes;
    budget.used += this.partialBytes;
    this.budget = budget;
  }

  /** @throws LineTooLong; the lines before it can still be read */
  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      this.finish(chunk.subarray(from, end));
      from = end + 1;
    }
    if (from < chunk.length) this.keep(chunk.subarray(from));
  }

  /** The next complete line without its end; `undefined` if there is none yet. */
  next(): Buffer | undefined {
    const line = this.ready[this.at];
    if (line === undefined) {
      this.ready = [];
      this.at = 0;
      return undefined;
    }
    this.at++;
    return line;
  }

  /** Gives back what it holds of the budget. */
  discard(): void {
    this.ready = [];
    this.at = 0;
    this.clearPartial();
  }

  private finish(end: Buffer): void {
    this.assertFits(end.length);
    const line = this.partialBytes === 0 ? end : Buffer.concat([...this.partial, end]);
    this.clearPartial();
    const text = line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
    if (text.length > 0) this.ready.push(text);
  }

  private keep(piece: Buffer): void {
    this.assertFits(piece.length);
    if (this.budget.used + piece.length > this.budget.max) throw new LineTooLong();
    // A copy: the piece may be a corner of a large buffer that must not live as long as a line does.
    this.partial.push(Buffer.from(piece));
    this.partialBytes += piece.length;
    this.budget.used += piece.length;
  }

  private assertFits(more: number): void {
    if (this.partialBytes + more > this.maxBytes) throw new LineTooLong();
  }

  private clearPartial(): void {
    this.budget.used -= this.partialBytes;
    this.partial = [];
    this.partialBytes = 0;
  }
}
