import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Floor } from '../../../src/core/mutation.js';
import { chooseFloor } from '../../../src/engines/fleet/floor-choice.js';

const SEED = 20_261_126;
const PACE = { floorNumbers: 64, floorWindowMs: 600_000 };
const NOW = 1_800_000_000_000;
const NONE: Floor = { version: 0, timestamp: 0, paceMs: 0 };

const empties = fc.array(
  fc.record({
    version: fc.integer({ min: 1, max: 300 }),
    timestamp: fc.integer({ min: NOW - 1_000_000, max: NOW + 1_000 }),
  }),
  { maxLength: 20 },
);

describe('the choice of a floor', () => {
  it('forgets keys that were used once by one number', () => {
    const keys = [1, 2, 3].map((i) => ({ version: 1, timestamp: NOW - i }));
    const floor = chooseFloor(keys, NONE, NOW, PACE);
    expect(floor).toEqual({ version: 1, timestamp: NOW - 1, paceMs: NOW + 18_750 });
  });

  it('takes the least version that forgets most, and leaves a hot key alone', () => {
    const keys = [1, 2, 2, 1_000_000].map((version) => ({ version, timestamp: NOW }));
    expect(chooseFloor(keys, NONE, NOW, PACE)?.version).toBe(2);
  });

  it('never passes the counters of an empty key, the clock or the pace, and never falls', () => {
    const property = fc.property(
      empties,
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: -700_000, max: 700_000 }),
      (keys, version, paceMs) => {
        const before = { version, timestamp: NOW - 2_000_000, paceMs: NOW + paceMs };
        const floor = chooseFloor(keys, before, NOW, PACE);
        if (floor === undefined) return;
        const versions = keys.map((key) => key.version);
        expect(floor.version).toBeLessThanOrEqual(Math.max(version, ...versions));
        expect(floor.version).toBeGreaterThanOrEqual(version);
        expect(floor.timestamp).toBeLessThanOrEqual(NOW);
        expect(floor.timestamp).toBeGreaterThanOrEqual(before.timestamp);
        expect(floor.version - version).toBeLessThanOrEqual(32);
        if (floor.version === version) expect(floor.paceMs).toBe(before.paceMs);
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 1_000 });
  });

  it('uses at most 64 numbers in any ten minutes, also under a part whose only empty key is hot', () => {
    let floor = NONE;
    const raised: { readonly atMs: number; readonly version: number }[] = [];
    for (let nowMs = NOW; nowMs < NOW + 4 * 3_600_000; nowMs += 5_000) {
      const hot = { version: floor.version + 1_000_000, timestamp: nowMs };
      floor = chooseFloor([hot], floor, nowMs, PACE) ?? floor;
      raised.push({ atMs: nowMs, version: floor.version });
    }
    for (const [i, { atMs, version }] of raised.entries()) {
      const later = raised.slice(i).filter((other) => other.atMs <= atMs + PACE.floorWindowMs);
      expect((later.at(-1)?.version ?? 0) - version).toBeLessThanOrEqual(PACE.floorNumbers);
    }
    expect(floor.version).toBeGreaterThan(32 * 20);
  });
});
