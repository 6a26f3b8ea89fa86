import { describe, expect, it } from 'vitest';
import { defaultSealTuning } from '../../src/engines/fleet/bus/seal/tuning.js';
import { parseTopic } from '../../src/engines/fleet/bus/topics.js';
import type { Origin } from '../../src/core/dot.js';
import type { Message } from '../../src/ports/bus.js';
import { defaultFleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { Oracle } from '../support/oracle.js';
import { PlainNetwork } from '../support/sim-bus.js';
import { FleetChecker } from '../support/sim-checkers.js';
import { SimKeys } from '../support/sim-keys.js';
import type { SimNetwork } from '../support/sim-network.js';
import { SeededRandom } from '../support/sim-random.js';
import { SealedNetwork } from '../support/sim-sealed-network.js';
import { SimServer } from '../support/sim-server.js';
import { World } from '../support/sim-time.js';
import { baseSeed } from './report.js';

const HOUR_MS = 3_600_000;
const SEEDS = 2;
const WRITES_EACH_MS = 3_000;

/** Whoever has the broker: how late a message is. Presences more than the clocks may differ, the rest a little. */
function lateMs(random: SeededRandom, isPresence: boolean): number {
  return isPresence ? random.between(63_000, 65_000) : random.between(0, 400);
}

/** It says some presences again, when newer ones have come. */
function againMs(random: SeededRandom): number {
  return random.between(66_000, 200_000);
}

class LatePlainNetwork extends PlainNetwork {
  readonly late = new SeededRandom(this.random.int(1, 1e9));

  override send(from: Origin, message: Message): void {
    const send = (afterMs: number): void => {
      this.world.at(this.world.nowMs + afterMs, () => super.send(from, message));
    };
    const isPresence = message.type === 'presence';
    send(lateMs(this.late, isPresence));
    if (isPresence && this.late.chance(0.2)) send(againMs(this.late));
  }
}

function sealedNetwork(world: World, random: SeededRandom): SimNetwork {
  const late = new SeededRandom(random.int(1, 1e9));
  const keys = new SimKeys(world, new SeededRandom(1), 'authenticated', defaultSealTuning);
  const network: SealedNetwork = new SealedNetwork(world, random, 'sim', keys, {
    heard: (_network, { topic, payload }) => {
      if (parseTopic(topic)?.channel !== 'presence' || !late.chance(0.2)) return;
      world.at(world.nowMs + againMs(late), () => {
        for (const bus of network.all) bus.hear(topic, payload);
      });
    },
    heardWill: () => undefined,
    delayMs: (topic) => lateMs(late, parseTopic(topic)?.channel === 'presence'),
  });
  return network;
}

class Fleet {
  readonly world = new World();
  readonly servers: readonly SimServer[];

  constructor(seed: number, isSealed: boolean) {
    const random = new SeededRandom(seed);
    const network = isSealed
      ? sealedNetwork(this.world, random)
      : new LatePlainNetwork(this.world, random, true);
    const checker = new FleetChecker(new Oracle());
    this.servers = [1, 2, 3].map(() => new SimServer(network, defaultFleetTuning, checker));
  }

  /** Lets time pass, with writes on every server. @returns writes refused for the clock, by server */
  run(forMs: number): number[] {
    const before = this.servers.map((server) => server.refusedForClock);
    for (let ms = 0; ms < forMs; ms += WRITES_EACH_MS) {
      const until = this.world.nowMs + WRITES_EACH_MS;
      while (this.world.step(until));
      for (const server of this.servers) server.time.turn(() => server.insert('alfa', `v${until}`));
    }
    return this.servers.map((server, i) => server.refusedForClock - (before[i] ?? 0));
  }

  /** Acquaintance takes as long as the first presences, and with a key a challenge or two. */
  runUntilAllAreSeen(withinMs: number): void {
    const sees = ({ engine }: SimServer): boolean => engine.member.peers.all().length === 2;
    const until = this.world.nowMs + withinMs;
    while (!this.servers.every(sees) || this.world.nowMs < 150_000) {
      if (this.world.nowMs >= until) throw new Error('not everybody sees everybody');
      this.run(WRITES_EACH_MS);
    }
  }
}

describe('clocks in virtual time', () => {
  it.each([
    ['with', true],
    ['without', false],
  ])(
    'lets nobody who delays presences, or says them again, have writes refused, %s a fleet key',
    { timeout: 120_000 },
    (_, isSealed) => {
      const base = baseSeed();
      for (let seed = base; seed < base + SEEDS; seed++) {
        const fleet = new Fleet(seed, isSealed);
        fleet.runUntilAllAreSeen(300_000);
        expect(fleet.run(120_000), `seed ${seed}`).toEqual([0, 0, 0]);
        // One whose clock is an hour ahead is found out all the same, and is let write as soon as it is set.
        const [ahead] = fleet.servers;
        ahead?.time.jumpWall(HOUR_MS);
        fleet.run(15_000);
        expect(ahead?.engine.member.clockLeadMs, `seed ${seed}`).toBeGreaterThan(HOUR_MS - 60_000);
        expect(fleet.run(9_000)[0], `seed ${seed}`).toBe(3);
        ahead?.time.jumpWall(-HOUR_MS);
        expect(fleet.run(20_000), `seed ${seed}`).toEqual([0, 0, 0]);
      }
    },
  );
});
