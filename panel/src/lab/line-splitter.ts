import { laboratoryLimits } from '../../../src/laboratory/limits.js';

/** Cuts text that arrives in pieces into lines. */
export class LineSplitter {
  private rest = '';

  constructor(private readonly onLine: (line: string) => void) {}

  /** @throws RangeError for a line that is longer than any of a recording */
  take(piece: string): void {
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.onLine(line);
    if (this.rest.length > laboratoryLimits.lineBytes) throw new RangeError('the line is too long');
  }

  /** What follows the last end of a line. */
  end(): string {
    const { rest } = this;
    this.rest = '';
    return rest;
  }
}
