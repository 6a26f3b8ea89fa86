import { Session } from 'node:inspector';
import type { Profiler } from 'node:inspector';

/**
 * Which blocks of the bundled code ran, by V8's own counters. An input that makes a block run that no other did is worth
 * keeping.
 */
export class Coverage {
  private readonly session = new Session();
  private readonly seen = new Set<string>();

  constructor() {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Blocks seen so far. */
  get size(): number {
    return this.seen.size;
  }

  /** Whether something ran since the last call that never had before; it counts as seen from now on. */
  take(): boolean {
    const fresh = this.fresh();
    for (const block of fresh) this.seen.add(block);
    return fresh.length > 0;
  }

  /** The same, and it goes on to count as new. */
  peek(): boolean {
    return this.fresh().length > 0;
  }

  stop(): void {
    this.session.disconnect();
  }

  private fresh(): string[] {
    const fresh: string[] = [];
    this.session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      for (const script of taken.result) if (script.url.includes('/.kvs-fuzz/')) this.note(script, fresh);
    });
    return fresh;
  }

  private note({ scriptId, functions }: Profiler.ScriptCoverage, fresh: string[]): void {
    for (const { ranges } of functions) {
      for (const { startOffset, endOffset, count } of ranges) {
        const block = `${scriptId}:${String(startOffset)}:${String(endOffset)}`;
        if (count > 0 && !this.seen.has(block)) fresh.push(block);
      }
    }
  }
}
