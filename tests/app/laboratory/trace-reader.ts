import type { Stream } from '../../../src/ports/engine.js';
import type { TracedMessage } from '../../../src/ports/trace.js';

/** Reads a trace from now on, as fast as it comes. */
export class TraceReader {
  readonly seen: TracedMessage[] = [];
  /** How it ended; `undefined`: it has not. */
  error: unknown;

  constructor(stream: Stream<TracedMessage>) {
    void this.read(stream);
  }

  private async read(stream: Stream<TracedMessage>): Promise<void> {
    try {
      for await (const message of stream) if (message !== undefined) this.seen.push(message);
    } catch (error) {
      this.error = error;
    }
  }

  /** Those of one step, or of several. */
  of(...steps: readonly TracedMessage['step'][]): TracedMessage[] {
    return this.seen.filter(({ step }) => steps.includes(step));
  }

  /** Mutations that what arrived has applied. */
  get applied(): number {
    return this.seen.reduce((sum, { handled }) => sum + (handled?.applied ?? 0), 0);
  }
}

/** What identifies a message on its way: where it goes, and the digest of its bytes. */
export function marksOf(messages: readonly Pick<TracedMessage, 'channel' | 'digest'>[]): string[] {
  return messages.map(({ channel, digest }) => `${channel} ${Buffer.from(digest).toString('hex')}`);
}

/** What is in a list, as often as it is, and not in another. */
export function without(list: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const mark of other) left.set(mark, (left.get(mark) ?? 0) + 1);
  return list.filter((mark) => {
    const count = left.get(mark) ?? 0;
    left.set(mark, count - 1);
    return count <= 0;
  });
}
