import { describe, expect, it } from 'vitest';
import { FleetClock } from '../../../src/core/fleet-clock.js';
import { LeaderTime } from '../../../src/engines/leader/leader-time.js';
import { leaderTime } from '../../../src/wire/mensagem/fields.js';

describe("the leader's clock as a follower knows it", () => {
  it('is what the leader said last and the time since, and never falls for readers', () => {
    let monotonicMs = 50;
    const heard = new LeaderTime({ monotonicMs: () => monotonicMs });
    const clock = new FleetClock(() => heard.nowMs(), 0);
    expect(clock.nowMs()).toBe(0);
    heard.hear(undefined);
    monotonicMs += 1_000;
    expect(clock.nowMs()).toBe(0);
    heard.hear(10_000);
    monotonicMs += 500.5;
    expect(clock.nowMs()).toBe(10_500);
    // A message that was long on its way tells an earlier time: the clock stands until that has gone by.
    heard.hear(10_200);
    expect(clock.nowMs()).toBe(10_500);
    monotonicMs += 299;
    expect(clock.nowMs()).toBe(10_500);
    monotonicMs += 2;
    expect(clock.nowMs()).toBe(10_501);
    // Without a leader it goes on.
    monotonicMs += 86_400_000;
    expect(clock.nowMs()).toBe(86_410_501);
  });

  it('is a time that can be, or the message is refused', () => {
    expect(leaderTime({})).toEqual({});
    expect(leaderTime({ hora: 5 })).toEqual({ hora: 5 });
    for (const hora of [-1, 1.5, '5', null, 9e15]) expect(() => leaderTime({ hora })).toThrow();
  });
});
