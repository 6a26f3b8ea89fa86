import type { RemovedRows } from '../../../core/removed-rows.js';

/** What the removals in the log removed here, by their position in the log and their seq. */
export class Removals {
  private readonly noted = new Map<number, Map<number, RemovedRows>>();
  private bytesNoted = 0;

  get bytes(): number {
    return this.bytesNoted;
  }

  /** The oldest position of which something is noted. */
  get oldest(): number | undefined {
    // Positions are noted in ascending order.
    return this.noted.keys().next().value;
  }

  note(position: number, seq: number, rows: RemovedRows): void {
    const here = this.noted.get(position);
    if (here) here.set(seq, rows);
    else this.noted.set(position, new Map([[seq, rows]]));
    this.bytesNoted += rows.bytes;
  }

  of(position: number, seq: number): RemovedRows | undefined {
    return this.noted.get(position)?.get(seq);
  }

  /** Forgets everything before a position. */
  forgetBefore(position: number): void {
    for (const [at, rows] of this.noted) {
      if (at >= position) return;
      for (const { bytes } of rows.values()) this.bytesNoted -= bytes;
      this.noted.delete(at);
    }
  }
}
