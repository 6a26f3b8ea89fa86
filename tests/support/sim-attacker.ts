import type { Will } from '../../src/mqtt/mqtt-connection.js';
import { parseTopic } from '../../src/engines/fleet/bus/topics.js';
import type { TopicParts } from '../../src/engines/fleet/bus/topics.js';
import type { Origin } from '../../src/core/dot.js';
import { limits } from '../../src/core/limits.js';
import { Violation } from './oracle.js';
import { forgeries } from './sim-forger.js';
import type { SimKeys } from './sim-keys.js';
import type { SeededRandom } from './sim-random.js';
import type { SealedBus } from './sim-sealed-bus.js';
import type { Meddler, Overheard, SealedNetwork } from './sim-sealed-network.js';
import type { World } from './sim-time.js';

/** At most so many messages of one origin are said again at once. */
const FLOOD_MAX = 60;
const AGAIN_MAX_MS = 3_000;
const LATE_MAX_MS = 5_000;

const ATTACKS = ['replayed', 'flipped', 'moved', 'forged', 'misdelivered', 'wills', 'again'] as const;
/** How many payloads of each kind reached somebody. */
export type Attacks = Record<(typeof ATTACKS)[number], number>;

interface Recorded extends Overheard {
  readonly network: SealedNetwork;
  readonly parts: TopicParts;
}

interface RecordedWill extends Recorded {
  /** Nobody has connected in this origin's name since. */
  isLatest: boolean;
}

/**
 * Somebody who has the broker and no key: records everything for good, says it again whenever and to whomever, altered,
 * under other names and on other topics, holds back, drops, and lets servers die early. What must be refused whatever
 * happens is checked to be, one by one.
 */
export class Attacker implements Meddler {
  readonly attacks = Object.fromEntries(ATTACKS.map((name) => [name, 0])) as Attacks;
  /** Messages that were dropped, and that were delayed. */
  readonly meddled = { dropped: 0, late: 0 };
  private readonly recorded: Recorded[] = [];
  private readonly byOrigin = new Map<Origin, Recorded[]>();
  private readonly wills: RecordedWill[] = [];
  /** The network with the fleet that is attacked, first. */
  private readonly networks: SealedNetwork[] = [];
  private readonly dropShare: number;
  private readonly lateShare: number;
  private readonly againShare: number;
  private readonly gapMs: number;
  private meddles = true;

  /** @param onlyReplays says again what was said, where and as it was */
  constructor(
    private readonly world: World,
    private readonly random: SeededRandom,
    private readonly keys: SimKeys,
    private readonly onlyReplays: boolean,
  ) {
    this.dropShare = random.pick([0, 0.05, 0.3]);
    this.lateShare = random.pick([0, 0.1, 0.3]);
    this.againShare = random.pick([0, 0.05, 0.3]);
    this.gapMs = random.pick([20, 60, 200]);
  }

  /** Begins to act, on the broker of this fleet and on those of others. */
  begin(networks: readonly SealedNetwork[]): void {
    this.networks.push(...networks);
    this.actLater();
  }

  /** From now on everything arrives, and nobody dies early. The rest goes on. */
  relent(): void {
    this.meddles = false;
  }

  // ── what goes by ───────────────────────────────────────────────────────────────────────────────────────────────

  heard(network: SealedNetwork, message: Overheard): void {
    const parts = parseTopic(message.topic) as TopicParts;
    const recorded = { ...message, network, parts };
    this.recorded.push(recorded);
    const theirs = this.byOrigin.get(parts.from) ?? [];
    theirs.push(recorded);
    this.byOrigin.set(parts.from, theirs);
    if (!this.random.chance(this.againShare)) return;
    this.world.at(this.world.nowMs + this.random.between(0, AGAIN_MAX_MS), () => this.say('again', recorded));
  }

  heardWill(network: SealedNetwork, origin: Origin, { topic, payload }: Will): void {
    for (const will of this.wills) if (will.parts.from === origin) will.isLatest = false;
    const parts = parseTopic(topic) as TopicParts;
    this.wills.push({ ...{ topic, payload, network, parts }, isLatest: true });
  }

  delayMs(): number | undefined {
    if (!this.meddles) return 0;
    if (this.random.chance(this.dropShare)) {
      this.meddled.dropped++;
      return undefined;
    }
    if (!this.random.chance(this.lateShare)) return 0;
    this.meddled.late++;
    return this.random.between(0, LATE_MAX_MS);
  }

  // ── what is done ───────────────────────────────────────────────────────────────────────────────────────────────

  private actLater(): void {
    const inMs = -Math.log(1 - this.random.next()) * this.gapMs;
    this.world.at(this.world.nowMs + inMs, () => {
      if (this.recorded.length > 0) this.act();
      this.actLater();
    });
  }

  private act(): void {
    const { random } = this;
    const always: readonly (() => void)[] = [
      () => this.replay(),
      () => this.flood(),
      () => this.speakForTheDead(),
    ];
    const others = [() => this.flip(), () => this.move(), () => this.forge(), () => this.misdeliver()];
    const acts = this.onlyReplays ? always : [...always, ...others, () => this.will()];
    random.pick(acts)();
  }

  /** One message again, to everyone or to one. */
  private replay(): void {
    this.say('replayed', this.random.pick(this.recorded), this.somebody());
  }

  /** What one origin has said, again, in the order in which it came or in none. */
  private flood(): void {
    const { random } = this;
    const theirs = this.theirs(this.origin());
    const from = random.int(0, Math.max(0, theirs.length - FLOOD_MAX));
    const flood = theirs.slice(from, from + FLOOD_MAX);
    if (random.chance(0.3)) flood.sort(() => random.next() - 0.5);
    const to = this.somebody();
    for (const message of flood) this.say('replayed', message, to);
  }

  /**
   * Makes somebody believe that an origin lives, by what it once said to others and to everyone, and then tells what it
   * wrote, from the first batch on.
   */
  private speakForTheDead(): void {
    const origin = this.origin();
    const to = this.target();
    if (!to || to.origin === origin) return;
    const theirs = this.theirs(origin).filter(({ network }) => network === to.network);
    const batches = theirs.filter(({ parts }) => parts.channel === 'batches');
    const others = theirs.filter(({ parts }) => parts.channel !== 'batches').slice(-FLOOD_MAX / 4);
    const topic = `kvs/${to.network.fleet}/sincronia/${to.origin}/${origin}`;
    for (const other of others) {
      if (other.topic !== topic && !this.onlyReplays) this.sayHopeless('moved', to, topic, other.payload);
      if (other.parts.channel === 'sync' && other.topic !== topic)
        this.sayHopeless('misdelivered', to, other.topic, other.payload);
      this.say('replayed', other, to);
    }
    for (const batch of batches.slice(0, FLOOD_MAX)) this.say('replayed', batch, to);
  }

  /** A bit more or less, or some bytes, on its own topic. */
  private flip(): void {
    const { random } = this;
    const { network, topic, payload } = random.pick(this.recorded);
    const last = payload.length - 1;
    const at = random.chance(0.1) ? last : random.int(0, last);
    const flipped = Buffer.from(payload);
    flipped[at] = (flipped[at] as number) ^ (1 << random.int(0, 7));
    const longer = Buffer.concat([payload, Buffer.from([random.int(0, 255)])]);
    const altered = random.pick([...new Array<Buffer>(8).fill(flipped), payload.subarray(0, at), longer]);
    for (const bus of network.all)
      if (bus.subscribes(topic)) this.sayHopeless('flipped', bus, topic, altered);
  }

  /** A message on another topic: of another origin, for another server, in another channel, in another fleet. */
  private move(): void {
    const { random } = this;
    const { parts, topic, payload } = random.pick(this.recorded);
    const to = this.target();
    if (!to) return;
    const { fleet } = to.network;
    const from = random.chance(0.5) ? parts.from : this.origin();
    const moved = random.pick([
      `kvs/${fleet}/mutacoes/${from}`,
      `kvs/${fleet}/presenca/${from}`,
      `kvs/${fleet}/sincronia/${to.origin}/${from}`,
      `kvs/${fleet}/sincronia/${to.origin}/${to.origin}`,
      topic.replace(`/${parts.fleet}/`, `/${fleet}/`),
    ]);
    if (moved !== topic) this.sayHopeless('moved', to, moved, payload);
  }

  /** What its own topic has for others, to somebody who has not asked for it. */
  private misdeliver(): void {
    const { topic, payload, parts } = this.random.pick(this.recorded);
    const to = this.target();
    if (!to) return;
    const isForeign = parts.fleet !== to.network.fleet;
    if (isForeign || (parts.channel === 'sync' && parts.to !== to.origin))
      this.sayHopeless('misdelivered', to, topic, payload);
  }

  private forge(): void {
    const { random } = this;
    const to = this.target();
    if (!to) return;
    // A name of somebody, or of nobody.
    const from = random.chance(0.7) ? this.origin() : random.name();
    if (from === to.origin) return;
    for (const { topic, payload } of forgeries(random, this.keys, to.network.fleet, from, to.origin))
      this.sayHopeless('forged', to, topic, payload);
    if (random.chance(0.02)) {
      const topic = `kvs/${to.network.fleet}/mutacoes/${from}`;
      this.sayHopeless('forged', to, topic, Buffer.alloc(limits.payloadBytes + 1));
    }
  }

  /** Says that somebody has vanished: who has connected again since, or, early, who has not. */
  private will(): void {
    const wills = this.meddles ? this.wills : this.wills.filter(({ isLatest }) => !isLatest);
    if (wills.length > 0) this.say('wills', this.random.pick(wills), this.somebody());
  }

  // ── by what means ──────────────────────────────────────────────────────────────────────────────────────────────

  /** @param to somebody in particular, whether it subscribes to that or not; else everyone who does */
  private say(attack: keyof Attacks, { network, topic, payload, parts }: Recorded, to?: SealedBus): void {
    const isForAnother = (bus: SealedBus): boolean => parts.channel === 'sync' && parts.to !== bus.origin;
    const reached = to ? [to] : network.all.filter((bus) => bus.subscribes(topic));
    for (const bus of reached) {
      if (bus.network !== network || isForAnother(bus)) continue;
      if (bus.hear(topic, payload)) this.attacks[attack]++;
    }
  }

  /** Says what nobody may let in. */
  private sayHopeless(attack: keyof Attacks, to: SealedBus, topic: string, payload: Buffer): void {
    if (this.onlyReplays) return;
    const before = to.refused;
    if (!to.hear(topic, payload)) return;
    this.attacks[attack]++;
    if (to.refused !== before + 1)
      throw new Violation(
        `${to.origin} let in what was ${attack}, on ${topic}: ${payload.toString('latin1')}`,
      );
  }

  /** Of all that have spoken, the dead more often. */
  private origin(): Origin {
    const origins = [...this.byOrigin.keys()];
    const dead = origins.filter((origin) => this.networks.some(({ ledger }) => ledger.isDead(origin)));
    return this.random.pick(dead.length > 0 && this.random.chance(0.7) ? dead : origins);
  }

  private theirs(origin: Origin): Recorded[] {
    return [...(this.byOrigin.get(origin) ?? [])];
  }

  /** Somebody, if there is anybody; of the fleet that is attacked, mostly. */
  private target(): SealedBus | undefined {
    const [first, ...others] = this.networks.map(({ all }) => all);
    const targets = this.random.chance(0.9) ? (first ?? []) : others.flat();
    return targets.length > 0 ? this.random.pick(targets) : undefined;
  }

  private somebody(): SealedBus | undefined {
    return this.random.chance(0.5) ? this.target() : undefined;
  }
}
