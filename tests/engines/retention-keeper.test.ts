import { expect, it } from 'vitest';
import { KvsError } from '../../src/core/errors.js';
import { RetentionKeeper } from '../../src/engines/retention-keeper.js';
import { defaultRetentionPace, replicasRetentionPace } from '../../src/engines/retention-pace.js';
import type { Time } from '../../src/ports/time.js';
import { RecordingLogger } from '../support/doors.js';

type Keeper = ConstructorParameters<typeof RetentionKeeper>[0];

/** A clock that goes from timer to timer. */
class Steps {
  nowMs = 0;
  private timers: { readonly atMs: number; readonly call: () => void }[] = [];

  readonly time: Pick<Time, 'after'> = {
    after: (delayMs, call) => {
      const timer = { atMs: this.nowMs + delayMs, call };
      this.timers.push(timer);
      return () => {
        this.timers = this.timers.filter((one) => one !== timer);
      };
    },
  };

  async until(ms: number): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = this.timers.sort((one, other) => one.atMs - other.atMs);
      if (next === undefined || next.atMs > ms) break;
      this.timers.shift();
      this.nowMs = next.atMs;
      next.call();
    }
    this.nowMs = ms;
  }
}

it.each([
  ['in memory', defaultRetentionPace],
  ['on replicas', replicasRetentionPace],
])(
  '%s the stored setting is looked at soon after the server serves, and then at the pace of the walks',
  async (_, pace) => {
    const steps = new Steps();
    let serves = false;
    let looks = 0;
    const told: (readonly [number, boolean])[] = [];
    const engine = {
      read: () => {
        looks++;
        if (serves) return Promise.resolve(undefined);
        return Promise.reject(new KvsError('SERVIDOR_ENTRANDO', 'entrando'));
      },
      keepsRetention: () => Promise.resolve(false),
    };
    const onSetting = (valid: boolean): void => {
      told.push([steps.nowMs, valid]);
    };
    const deps = { engine, own: [], time: steps.time, logger: new RecordingLogger(), pace, onSetting };
    const keeper = new RetentionKeeper(deps as unknown as Keeper);
    keeper.start();
    await steps.until(10_000);
    expect(told).toEqual([]);
    // Each look that is refused costs next to nothing, and there are few.
    expect(looks).toBeLessThan(50);
    serves = true;
    await steps.until(10_300);
    expect(told).toEqual([[expect.any(Number), true]]);
    // A server that joins again later is asked no more often than any other.
    serves = false;
    looks = 0;
    await steps.until(10_300 + 10 * pace.restMs);
    expect(looks).toBeLessThan(12);
    keeper.stop();
  },
);
