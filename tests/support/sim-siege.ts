import type { FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { defaultSealTuning } from '../../src/engines/fleet/bus/seal/tuning.js';
import { DROP_REASONS } from '../../src/wire/checks.js';
import type { DropReason } from '../../src/wire/checks.js';
import { Oracle } from './oracle.js';
import { Attacker, type Attacks } from './sim-attacker.js';
import { FleetChecker } from './sim-checkers.js';
import { SimKeys, type Protection } from './sim-keys.js';
import { SeededRandom } from './sim-random.js';
import { SealedNetwork } from './sim-sealed-network.js';
import { SealedBus } from './sim-sealed-bus.js';
import { SimServer } from './sim-server.js';
import type { World } from './sim-time.js';
import { hostileSealTuning } from './sim-trouble.js';

/** From one step of a rotation to the next, at most, or from one look whether everybody is done to the next. */
const ROTATION_MS = 2_000;

/** What an attacker did, and what became of it. */
export interface SiegeReport {
  readonly protection: Protection;
  readonly attacks: Attacks;
  readonly dropped: number;
  readonly late: number;
  /** What servers of the fleet did not let in, by reason. */
  readonly refused: Readonly<Record<DropReason, number>>;
  /** Payloads that were encrypted, each with a nonce of its own. */
  readonly nonces: number;
  /** Steps of rotations that everybody was asked to take. */
  readonly rotationSteps: number;
  /** Whether a key had gone out for good, so that forgeries could be sealed with it. */
  readonly keyRemoved: boolean;
  readonly otherFleet: boolean;
}

/** A fleet with a key, and somebody without it who has its broker. */
export class Siege {
  readonly network: SealedNetwork;
  private readonly random: SeededRandom;
  private readonly keys: SimKeys;
  private readonly attacker: Attacker;
  private readonly rotates: boolean;
  private readonly buses: SealedBus[] = [];
  private other: SealedNetwork | undefined;

  /**
   * @param forNetwork what draws the weather
   * @param seed of what is drawn here
   * @param isSealed otherwise the attacker only says again what was said, and the checks must fail
   */
  constructor(
    private readonly world: World,
    forNetwork: SeededRandom,
    seed: number,
    isSealed: boolean,
  ) {
    const random = (this.random = new SeededRandom(seed));
    const protection = isSealed ? random.pick(['authenticated', 'encrypted', 'mixed'] as const) : 'none';
    const tuning = random.chance(0.12) ? defaultSealTuning : hostileSealTuning(random);
    this.keys = new SimKeys(world, new SeededRandom(seed + 1), protection, tuning);
    this.attacker = new Attacker(world, new SeededRandom(seed + 2), this.keys, !isSealed);
    this.network = new SealedNetwork(world, forNetwork, 'sim', this.keys, this.attacker);
    this.rotates = isSealed && random.chance(0.5);
  }

  begin(tuning: FleetTuning): void {
    if (this.random.chance(0.3)) this.beginOther(tuning);
    this.attacker.begin(this.other ? [this.network, this.other] : [this.network]);
    if (this.rotates) this.rotateLater();
  }

  private rotateLater(): void {
    this.world.at(this.world.nowMs + this.random.between(0, ROTATION_MS), () => {
      this.keys.advance();
      this.rotateLater();
    });
  }

  relent(): void {
    this.attacker.relent();
  }

  /** Whether a promise may go on now; asked after every event. */
  isPromised(): boolean {
    const networks = [this.network, this.other];
    return networks.filter((network) => network?.takePromised() === true).length > 0;
  }

  /** Remembers what must be counted when its server is gone. */
  noteServer(server: SimServer): void {
    if (server.bus instanceof SealedBus) this.buses.push(server.bus);
  }

  /** Whether everybody takes everybody else for alive. */
  isAcquainted(servers: readonly SimServer[]): boolean {
    return servers.every(({ engine, origin }) => {
      const known = new Set(engine.member.peers.serving().map(({ presence }) => presence.origin));
      return servers.every((other) => other.origin === origin || known.has(other.origin));
    });
  }

  report(): SiegeReport {
    const { keys, attacker, network } = this;
    const count = (reason: DropReason): number =>
      this.buses.reduce((sum, bus) => sum + bus.dropped[reason], 0);
    return {
      protection: keys.protection,
      attacks: attacker.attacks,
      ...attacker.meddled,
      refused: Object.fromEntries(
        DROP_REASONS.map((reason) => [reason, count(reason)]),
      ) as SiegeReport['refused'],
      nonces: network.ledger.encrypted,
      rotationSteps: keys.steps,
      keyRemoved: keys.removed.length > 0,
      otherFleet: this.other !== undefined,
    };
  }

  /** Another fleet with the same key, on the same broker, in good weather. */
  private beginOther(tuning: FleetTuning): void {
    const { world, random, keys, attacker } = this;
    const network = (this.other = new SealedNetwork(world, random, 'outra', keys, attacker));
    const checker = new FleetChecker(new Oracle());
    const servers = [1, 2].map(() => new SimServer(network, tuning, checker));
    let values = 0;
    const write = (): void => {
      const server = random.pick(servers);
      server.time.turn(() => server.insert('alfa', `outra ${++values}`));
      world.at(world.nowMs + random.between(50, 800), write);
    };
    world.at(world.nowMs, write);
  }
}
