import { describe, expect, it } from 'vitest';
import { FleetClock } from '../../src/core/fleet-clock.js';

const DRIFT_MS = 60_000;

describe("the fleet's clock", () => {
  it('is the wall clock, and never falls', () => {
    let wallMs = 1_000.7;
    const clock = new FleetClock(() => wallMs, DRIFT_MS);
    expect(clock.nowMs()).toBe(1_000);
    wallMs = 500;
    expect(clock.nowMs()).toBe(1_000);
    wallMs = 2_000;
    expect(clock.nowMs()).toBe(2_000);
  });

  it('is at least what was applied, and goes on from there', () => {
    let wallMs = 1_000;
    const clock = new FleetClock(() => wallMs, DRIFT_MS);
    clock.witness(5_000);
    expect(clock.nowMs()).toBe(5_000);
    clock.witness(4_000);
    expect(clock.nowMs()).toBe(5_000);
    wallMs = 6_000;
    expect(clock.nowMs()).toBe(6_000);
  });

  it('is not taken further ahead of the wall clock than the drift', () => {
    const clock = new FleetClock(() => 1_000, DRIFT_MS);
    clock.witness(8.64e15);
    expect(clock.nowMs()).toBe(1_000 + DRIFT_MS);
  });
});
