import { afterEach, describe, expect, it } from 'vitest';
import { FleetEngine } from '../../../../src/engines/fleet/engine.js';
import { defaultFleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import type { Bus, BusListener } from '../../../../src/ports/bus.js';
import { eventually } from '../../../support/eventually.js';
import { jsonCodec } from '../../../support/loopback-bus.js';
import { realTime } from '../../../support/real-time.js';
import { verbs } from '../../../support/verbs.js';

const QUICK = {
  ...defaultFleetTuning,
  presenceIntervalMs: 40,
  joinPatienceMs: 60,
  repairPatienceMs: 5,
  peerCooldownMs: 20,
};

/** Engines on one perfect bus. */
function openFleet(names: readonly string[]): { engines: FleetEngine[]; alarms: string[] } {
  const listeners = new Set<BusListener>();
  const alarms: string[] = [];
  const engines = names.map((origin) => {
    let own: BusListener | undefined;
    const bus: Bus = {
      connected: true,
      ...jsonCodec,
      publish: (message, settled) => {
        setImmediate(() => {
          for (const listener of listeners) listener.onMessage(message, 100);
          settled?.(true);
        });
      },
      start: (listener) => {
        own = listener;
        listeners.add(listener);
        setImmediate(() => {
          listener.onConnected();
        });
      },
      stop: () => {
        if (own) listeners.delete(own);
        return Promise.resolve();
      },
    };
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (_: object, text: string) => alarms.push(`${origin}: ${text}`),
    };
    return new FleetEngine({
      ...{ origin, address: '', bus, time: realTime, random: { next: Math.random }, logger, tuning: QUICK },
    });
  });
  for (const engine of engines) engine.start();
  return { engines, alarms };
}

/** Damages a store behind the back of replication, as a bug would. */
function corrupt(engine: FleetEngine, key: string): void {
  const { keySpace } = engine.store;
  const slot = keySpace.keys.find(key);
  if (slot === undefined) throw new Error(`no key ${key}`);
  keySpace.removeWhere(slot, () => true);
}

describe('the self-check', () => {
  let opened: FleetEngine[] = [];
  afterEach(async () => {
    await Promise.all(opened.map((engine) => engine.stop()));
  });

  async function servingFleet(
    names: readonly string[],
  ): Promise<{ engines: FleetEngine[]; alarms: string[] }> {
    const fleet = openFleet(names);
    opened = fleet.engines;
    await eventually('all serve', () => fleet.engines.every((engine) => engine.member.state === 'serving'));
    for (let i = 0; i < 50; i++) verbs(fleet.engines[i % names.length]!).insert(`key${i}`, `value${i}`);
    await eventually('all have everything', () =>
      fleet.engines.every((engine) => engine.store.entryCount === 50),
    );
    return fleet;
  }

  it('raises an alarm at both when two servers with equal vectors differ, and changes neither', async () => {
    const { engines, alarms } = await servingFleet(['a', 'b']);
    corrupt(engines[1]!, 'key7');
    await eventually('both noticed', () => engines.every((engine) => engine.member.diverged));
    expect(alarms.some((line) => line.includes('ALARME'))).toBe(true);
    expect(engines.map((engine) => engine.store.entryCount)).toEqual([50, 49]);
  });

  it('repairs the one that is alone in the wrong', async () => {
    const { engines } = await servingFleet(['a', 'b', 'c']);
    corrupt(engines[2]!, 'key7');
    expect(verbs(engines[2]!).query('key7', undefined)).toBeUndefined();
    await eventually('it took the content of the others', () => engines[2]!.store.entryCount === 50);
    await eventually('no alarm stands', () => engines.every((engine) => !engine.member.diverged));
    expect(new Set(engines.map((engine) => engine.store.hash())).size).toBe(1);
    // It goes on writing where it was.
    expect(verbs(engines[2]!).insert('key7', 'again').version).toBe(2);
    await eventually(
      'the others see it',
      () => verbs(engines[0]!).query('key7', undefined)?.value === 'again',
    );
  });
});
