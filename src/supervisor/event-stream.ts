import type { ServerResponse } from 'node:http';
import type { ShownLaboratory } from './laboratory.js';
import { supervisorLimits } from './limits.js';

/**
 * The lines of a recording to one reader: those so far, then each that comes. A recording that begins in place of another
 * begins with its header. Lines are taken as the reader takes them: none waits for it here.
 */
export class EventStream {
  private header: string | undefined;
  private at: number;
  private isBlocked = false;
  private isOver = false;
  private readonly unfollow: () => void;
  private readonly alive: NodeJS.Timeout;

  /** @param from number of the first event */
  constructor(
    private readonly response: ServerResponse,
    private readonly laboratory: ShownLaboratory,
    from: number,
  ) {
    this.at = from - 1;
    this.unfollow = laboratory.follow(() => {
      this.tell();
    });
    response.on('drain', () => {
      this.isBlocked = false;
      this.tell();
    });
    this.alive = setInterval(() => {
      if (!this.isBlocked) this.response.write('{"kind":"alive"}\n');
    }, supervisorLimits.aliveMs);
  }

  begin(): void {
    this.tell();
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearInterval(this.alive);
    this.unfollow();
    this.response.end();
  }

  private tell(): void {
    while (!this.isBlocked && !this.isOver) {
      const text = this.next();
      if (text === '') return;
      this.isBlocked = !this.response.write(text);
    }
  }

  /** The next lines, not too many at once; empty: there are none. */
  private next(): string {
    const { headerLine, lines } = this.laboratory.recording();
    let text = '';
    if (headerLine !== this.header) {
      if (this.header !== undefined) this.at = 0;
      this.header = headerLine;
      text = headerLine;
    }
    while (this.at < lines.length && text.length < supervisorLimits.streamBytes)
      text += lines[this.at++] ?? '';
    return text;
  }
}
