import { accessLimits } from './limits.js';

/** Slow hashes a few at a time, the others in a queue with an end: their threads serve files and names too. */
export class HashQueue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  get isFull(): boolean {
    return this.waiting.length >= accessLimits.hashesQueued;
  }

  /** @param ahead goes before what waits */
  async run<T>(hash: () => Promise<T>, ahead: boolean): Promise<T> {
    if (this.running >= accessLimits.hashesAtOnce) {
      await new Promise<void>((resolve) => {
        if (ahead) this.waiting.unshift(resolve);
        else this.waiting.push(resolve);
      });
    } else this.running++;
    try {
      return await hash();
    } finally {
      // Its place goes to the next as it is.
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
