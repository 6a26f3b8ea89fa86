import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { redLimits } from '../../node-red/src/limits.js';
import type { NodeContext } from '../../node-red/src/red.js';
import { WatchPlace } from '../../node-red/src/watch-place.js';

/** A context of Node-RED that answers late, and fails for as long as it is told to. */
class LateContext implements NodeContext {
  fails = false;
  answers = true;
  readonly values = new Map<string, unknown>();

  get(key: string, done: (error: unknown, value?: unknown) => void): void {
    this.later(() => done(...this.outcome(), this.values.get(key)));
  }

  set(key: string, value: unknown, done: (error: unknown) => void): void {
    if (!this.fails) this.values.set(key, value);
    this.later(() => done(...this.outcome()));
  }

  private outcome(): [error: unknown] {
    return [this.fails ? new Error('longe') : undefined];
  }

  private later(work: () => void): void {
    if (this.answers) setTimeout(work, 10);
  }
}

describe('the place of a watch', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const after = async <T>(ms: number, promise: Promise<T>): Promise<T> => {
    await vi.advanceTimersByTimeAsync(ms);
    return promise;
  };

  it('is found again by a watch of the same keys, and by no other', async () => {
    const context = new LateContext();
    const place = new WatchPlace(context, 'a');
    expect(await after(20, place.read())).toBeUndefined();
    place.note('t1');
    place.note('t2');
    expect(context.values.size).toBe(0);
    await vi.advanceTimersByTimeAsync(redLimits.placeEveryMs + 20);
    expect(await after(20, new WatchPlace(context, 'a').read())).toBe('t2');
    expect(await after(20, new WatchPlace(context, 'b').read())).toBeUndefined();
    place.note('t3');
    await after(20, place.save());
    expect(await after(20, new WatchPlace(context, 'a').read())).toBe('t3');
  });

  it.each(['fails', 'is silent'])('is not taken for none where its context %s', async (how) => {
    const context = new LateContext();
    context.fails = how === 'fails';
    context.answers = how === 'fails';
    const read = new WatchPlace(context, 'a').read().catch((error: unknown) => error);
    expect(await after(redLimits.placeWaitMs + 1, read)).toMatchObject({
      code: 'SEM_SERVIDOR',
    });
  });

  it('is written again where that failed', async () => {
    const context = new LateContext();
    const place = new WatchPlace(context, 'a');
    context.fails = true;
    place.note('t1');
    await after(20, place.save());
    context.fails = false;
    await after(20, place.save());
    expect(await after(20, new WatchPlace(context, 'a').read())).toBe('t1');
  });
});
