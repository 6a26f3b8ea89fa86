import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultSealTuning } from '../../../../src/engines/fleet/bus/seal/tuning.js';
import { sealLimits } from '../../../../src/engines/fleet/bus/seal/limits.js';
import { Liveness } from '../../../../src/engines/fleet/bus/seal/liveness.js';
import { ReplayWindow } from '../../../../src/engines/fleet/bus/seal/replay-window.js';
import type { SealHead } from '../../../../src/engines/fleet/bus/seal/purpose.js';
import { Suspects } from '../../../../src/engines/fleet/bus/seal/suspects.js';
import { ManualTime } from './manual-time.js';

const head = (counter: number, connection = 1): SealHead => ({
  ...{ purpose: 'control', keyId: '0'.repeat(16) },
  ...{ connection, counter },
});

describe('the window of counters', () => {
  it('accepts each counter once, none at or below the first, and none far below the greatest', () => {
    const counters = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(counters, ([first = 1, ...rest]) => {
        const window = new ReplayWindow(first);
        const seen = new Set<number>();
        let highest = first;
        for (const counter of rest) {
          const expected =
            counter > first && !seen.has(counter) && counter > highest - sealLimits.replayWindow;
          expect(window.accept(counter), `${counter} after ${[...seen].join()}`).toBe(expected);
          if (expected) seen.add(counter);
          highest = Math.max(highest, counter);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('takes the greatest counter that can be sent', () => {
    const window = new ReplayWindow(1);
    expect(window.accept(Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(window.accept(Number.MAX_SAFE_INTEGER)).toBe(false);
    expect(window.accept(Number.MAX_SAFE_INTEGER - 63)).toBe(true);
    expect(window.accept(Number.MAX_SAFE_INTEGER - 64)).toBe(false);
  });
});

describe('liveness', () => {
  it('knows nobody by what everybody may have recorded, and its sender by what is for this one alone', () => {
    const liveness = new Liveness('oR');
    expect(liveness.toEveryone('oX', head(5))).toBe('unverified');
    expect(liveness.will('oX', head(1))).toBe('unverified');
    expect(liveness.isVerified('oX')).toBe(false);
    expect(liveness.addressed('oX', head(9))).toBe('accepted');
    expect(liveness.isVerified('oX')).toBe(true);
    for (const old of [9, 8, 1]) expect(liveness.toEveryone('oX', head(old))).toBe('repeated');
    expect(liveness.toEveryone('oX', head(10))).toBe('accepted');
    expect(liveness.addressed('oX', head(10))).toBe('repeated');
    expect(liveness.toEveryone('oY', head(11))).toBe('unverified');
  });

  it('believes a will once, and only that of the latest connection', () => {
    const liveness = new Liveness('oR');
    liveness.addressed('oX', head(1, 2));
    expect(liveness.will('oX', head(1, 1))).toBe('repeated');
    expect(liveness.will('oX', head(3, 3))).toBe('repeated');
    expect(liveness.will('oX', head(2, 2))).toBe('accepted');
    expect(liveness.will('oX', head(2, 2))).toBe('repeated');
    expect(liveness.toEveryone('oX', head(2, 4))).toBe('accepted');
    expect(liveness.will('oX', head(2, 2))).toBe('repeated');
    expect(liveness.will('oX', head(4, 4))).toBe('accepted');
  });

  it('takes its own as its own, each once', () => {
    const liveness = new Liveness('oR');
    expect(liveness.toEveryone('oR', head(1))).toBe('accepted');
    expect(liveness.toEveryone('oR', head(1))).toBe('repeated');
    expect(liveness.will('oR', head(1, 1))).toBe('accepted');
    expect(liveness.will('oR', head(1, 1))).toBe('repeated');
  });

  it('verifies no more origins than it may remember, and forgets none', () => {
    const liveness = new Liveness('oR', 3);
    expect(['o1', 'o2', 'o3'].map((origin) => liveness.addressed(origin, head(1)))).toEqual([
      ...['accepted', 'accepted', 'unverified'],
    ]);
    expect(liveness.toEveryone('o1', head(1))).toBe('repeated');
    expect(liveness.size).toBe(3);
  });
});

describe('suspects', () => {
  interface Stand {
    readonly time: ManualTime;
    readonly suspects: Suspects;
    readonly challenged: string[];
    readonly refused: Map<string, number>;
  }
  const stand = (): Stand => {
    const time = new ManualTime();
    const challenged: string[] = [];
    const refused = new Map<string, number>();
    const suspects = new Suspects(time, {
      challenge: (origin) => challenged.push(origin) > 0,
      refused: (origin, messages) => refused.set(origin, (refused.get(origin) ?? 0) + messages),
    });
    return { time, suspects, challenged, refused };
  };

  it('challenges at once, and delivers what waited in its order when the answer is there', () => {
    const { time, suspects, challenged, refused } = stand();
    const taken: number[] = [];
    suspects.note('oX');
    for (const batch of [1, 2, 3]) suspects.hold('oX', 100, () => taken.push(batch));
    suspects.hold('oY', 100, () => taken.push(99));
    expect(challenged).toEqual(['oX', 'oY']);
    expect(taken).toEqual([]);
    suspects.release('oX');
    expect(taken).toEqual([1, 2, 3]);
    time.advance(defaultSealTuning.challengeTimeoutMs);
    expect([...refused]).toEqual([['oY', 1]]);
    expect(suspects.waiting).toEqual({ batches: 0, bytes: 0 });
  });

  it('refuses what has waited in vain, and challenges a dead origin ever more rarely', () => {
    const { time, suspects, challenged, refused } = stand();
    for (let second = 0; second < 600; second++) {
      suspects.note('oX');
      suspects.hold('oX', 10, () => undefined);
      time.advance(1000);
    }
    time.advance(defaultSealTuning.challengeTimeoutMs);
    expect(challenged.length).toBeLessThan(600_000 / defaultSealTuning.challengeRetryCapMs + 8);
    expect(challenged.length).toBeGreaterThan(10);
    expect(refused.get('oX')).toBe(1200);
    expect(time.pending).toBe(0);
  });

  it('stays small and quiet when thousands of dead origins are replayed', () => {
    const { time, suspects, challenged, refused } = stand();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 30_000; i++) suspects.note(`morta${i}`);
      for (let i = 0; i < 5_000; i++) suspects.hold(`morta${i}`, 100_000, () => undefined);
      expect(suspects.size).toBeLessThanOrEqual(defaultSealTuning.suspects);
      expect(suspects.waiting.batches).toBeLessThanOrEqual(defaultSealTuning.unverifiedBatches);
      expect(suspects.waiting.bytes).toBeLessThanOrEqual(defaultSealTuning.unverifiedBytes);
      time.advance(1000);
    }
    expect(challenged.length).toBeLessThanOrEqual(
      defaultSealTuning.challengesAtOnce + 3 * defaultSealTuning.challengesPerSecond,
    );
    time.advance(2 * defaultSealTuning.challengeTimeoutMs);
    expect([...refused.values()].reduce((sum, count) => sum + count, 0)).toBe(105_000);
    expect(suspects.waiting).toEqual({ batches: 0, bytes: 0 });
  });

  it('lets the living through while thousands of dead origins are replayed without end', () => {
    const { time, suspects, challenged } = stand();
    let replays = 0;
    let seconds = 0;
    while (!challenged.includes('viva') && seconds < 100) {
      for (let i = 0; i < 2_000; i++) suspects.note(`morta${replays++ % 10_000}`);
      suspects.note('viva');
      time.advance(1000);
      seconds++;
    }
    expect(seconds).toBeLessThan(40);
  });

  it('asks again as soon as it can whom it could not ask', () => {
    const time = new ManualTime();
    let connected = false;
    const asked: string[] = [];
    const suspects = new Suspects(time, {
      challenge: (origin) => connected && asked.push(origin) > 0,
      refused: () => undefined,
    });
    suspects.note('oX');
    connected = true;
    suspects.note('oX');
    expect(asked).toEqual(['oX']);
  });
});
