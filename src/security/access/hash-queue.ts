import { accessLimits } from './limits.js';

/** Runs a few slow hashes at a time and queues the others up to a limit: their threads also serve files and DNS. */
export class HashQueue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  get isFull(): boolean {
    return this.waiting.length >= accessLimits.hashesQueued;
  }

  /** @param ahead whether it precedes the queued hashes */
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
      // The slot passes directly to the next one.
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
