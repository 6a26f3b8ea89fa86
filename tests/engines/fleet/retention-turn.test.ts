import { describe, expect, it } from 'vitest';
import { FleetEngine } from '../../../src/engines/fleet/engine.js';
import { defaultFleetTuning } from '../../../src/engines/fleet/replication/tuning.js';
import { LoopbackNetwork } from '../../support/loopback-bus.js';
import { realTime } from '../../support/real-time.js';
import { LogRecorder } from './bus/support.js';

describe('whose turn it is to keep the retention', () => {
  it('is the lowest server, and another now and then, in case that one cannot write', () => {
    let nowMs = 0;
    const engine = new FleetEngine({
      origin: 'o2',
      address: '',
      bus: new LoopbackNetwork().join('o2'),
      time: { ...realTime, monotonicMs: () => nowMs },
      random: { next: () => 0.5 },
      logger: new LogRecorder(),
    });
    let lowest = true;
    let all = true;
    Object.defineProperties(engine.member, {
      isLowest: { get: () => lowest },
      mayUseAll: { get: () => all },
    });
    expect(engine.keepsRetention()).toBe(true);
    lowest = false;
    expect(engine.keepsRetention()).toBe(false);
    nowMs += defaultFleetTuning.retentionPatienceMs + 1;
    all = false;
    expect(engine.keepsRetention()).toBe(false);
    all = true;
    expect(engine.keepsRetention()).toBe(true);
    expect(engine.keepsRetention()).toBe(false);
  });
});
