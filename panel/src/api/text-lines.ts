/** Text that comes in pieces, line by line. Pure. */
export class TextLines {
  private rest = '';

  /** @param charsMax longest line; @see {@link add} */
  constructor(private readonly charsMax: number) {}

  /**
   * The lines that a piece ends, without their ends.
   * @throws RangeError if a line is longer than anybody may send
   */
  add(piece: string): string[] {
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop() ?? '';
    if (this.rest.length > this.charsMax) throw new RangeError('a line of the stream is too long');
    return lines;
  }
}
