import { describe, expect, it } from 'vitest';
import { soleServerLimits } from '../../src/call/limits.js';
import { SoleServer } from '../../src/call/sole-server.js';
import { StoppableTime } from '../support/mirror-world.js';
import { SeededRandom } from '../support/sim-random.js';
import { World } from '../support/sim-time.js';

/** How often each server says that it is there, how long that takes to be heard, and when it is missed. */
const PRESENCE_MS = 2_000;
const DELAY_MS = 1_000;
const SILENT_MS = 6_000;
const SERVERS = 4;
const END_MS = 120_000;

interface Server {
  readonly number: number;
  readonly time: StoppableTime;
  readonly role: SoleServer;
  /** When each other one was heard last. */
  readonly heard: Map<number, number>;
}

/**
 * Servers that come, freeze, go on and die, each of which sees the others late: the lowest that it sees should act.
 * @returns moments at which two acted, and how often one began
 */
function run(seed: number): { readonly together: readonly string[]; readonly begun: number } {
  const random = new SeededRandom(seed);
  const world = new World();
  const servers: Server[] = [];
  const together: string[] = [];
  let begun = 0;
  const tell = (number: number, to: readonly Server[]): void => {
    for (const other of to) {
      const hear = (): void => {
        // Whoever is new is told at once who else is there.
        const isNew = !other.heard.has(number);
        other.heard.set(number, world.nowMs);
        if (isNew)
          tell(
            other.number,
            servers.filter((server) => server.number === number),
          );
      };
      world.at(world.nowMs + random.between(1, DELAY_MS), () => other.time.turn(hear));
    }
  };
  const start = (number: number): void => {
    const time = new StoppableTime(world);
    const heard = new Map<number, number>();
    const isSeen = (other: number): boolean => world.nowMs - (heard.get(other) ?? -Infinity) < SILENT_MS;
    const role = new SoleServer({
      ...{ isConnected: () => true, time, onEnd: () => undefined, onLook: () => undefined },
      leads: () => servers.every((other) => other.number >= number || !isSeen(other.number)),
      onBegin: () => begun++,
    });
    servers.push({ number, time, role, heard });
    const announce = (): void => {
      tell(number, servers);
      time.after(PRESENCE_MS, announce);
    };
    announce();
    role.look();
  };
  // The greatest first, so that most have somebody to take over from.
  for (let i = 0; i < SERVERS; i++) world.at(random.between(0, END_MS / 2), () => start(SERVERS - i));
  const trouble = (): void => {
    const running = servers.filter(({ time }) => time.runs);
    const one = running.find(({ role }) => role.acts) ?? running.at(-1);
    if (one !== undefined && random.chance(0.8)) {
      one.time.stop();
      world.at(world.nowMs + random.between(100, 12_000), () => one.time.thaw());
    } else if (running.length > 1) one?.time.kill();
    world.at(world.nowMs + random.between(2_000, 20_000), trouble);
  };
  world.at(random.between(5_000, 20_000), trouble);
  const look = (): void => {
    // One that is stopped does nothing, whatever it would say of itself.
    const acting = servers.filter(({ role, time }) => time.runs && role.acts);
    if (acting.length > 1)
      together.push(`${String(world.nowMs)}: ${acting.map(({ number }) => number).join()}`);
    world.at(world.nowMs + 20, look);
  };
  look();
  while (world.step(END_MS));
  return { together, begun };
}

describe('of several servers exactly one', () => {
  it('acts, although they see each other late, freeze and die', () => {
    let begun = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const outcome = run(seed);
      expect(outcome.together, `seed ${String(seed)}`).toEqual([]);
      begun += outcome.begun;
    }
    // The trouble was real.
    expect(begun).toBeGreaterThan(120);
  });

  it('waits for longer than servers take to hear of each other', () => {
    expect(soleServerLimits.takeoverMs).toBeGreaterThan(2 * DELAY_MS);
  });
});
