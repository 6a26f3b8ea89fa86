import { SoleServer } from '../../src/call/sole-server.js';
import { Mirror } from '../../src/doors/mqtt/mirror.js';
import { defaultMirrorTuning } from '../../src/doors/mqtt/tuning.js';
import { PARTS } from '../../src/doors/mqtt/topic-names.js';
import { MirrorBroker, SimTopics, TOLD } from './mirror-broker.js';
import type { BrokerKind } from './mirror-broker.js';
import { MirrorChecker } from './mirror-checker.js';
import { ABOUT, FLEET, keyOf, names, quiet, VALUES } from './mirror-names.js';
import { MirrorStore } from './mirror-store.js';
import { StoppableTime } from './mirror-world.js';
import { SeededRandom } from './sim-random.js';
import { promisesSettled, World } from './sim-time.js';

interface SimServer {
  readonly name: string;
  readonly time: StoppableTime;
  readonly store: MirrorStore;
  readonly mirror: Mirror;
  readonly role: SoleServer;
  /** The door's connection, and those of the mirror; the last one is in use. */
  readonly door: SimTopics;
  readonly connections: SimTopics[];
  /** Since when it can be heard; `undefined`: it cannot. */
  heardMs: number | undefined;
  isDead: boolean;
  isReachable: boolean;
}

export interface MirrorRunResult {
  readonly violations: readonly string[];
  readonly published: number;
  readonly corrected: number;
  readonly walks: number;
  readonly takeovers: number;
  readonly about: string | undefined;
  readonly topics: number;
}

/** One run: servers with a mirror each, one broker, writers, and every trouble there is; then calm, and judgement. */
export async function runMirror(seed: number): Promise<MirrorRunResult> {
  const run = new MirrorRun(seed);
  return run.run();
}

class MirrorRun {
  private readonly random: SeededRandom;
  private readonly world = new World();
  private readonly broker: MirrorBroker;
  private readonly servers: SimServer[] = [];
  private readonly checker: MirrorChecker;
  private readonly prefixes: readonly string[];
  private readonly mostTopics: number;
  private readonly keys: readonly string[];
  private readonly isRemote: boolean;
  private stamp = 0;
  private takeovers = 0;
  private parted = false;
  private readonly undelivered: { readonly to: SimServer; readonly call: () => void }[] = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const { random } = this;
    const protocol = random.chance(0.5) ? 5 : 4;
    const poison = random.chance(0.3) ? '.' : undefined;
    const kind: BrokerKind = {
      protocol,
      acknowledgesFirst: random.chance(0.5),
      cutsFor: (topic) => poison !== undefined && topic.includes(poison),
    };
    this.broker = new MirrorBroker(this.world, random, kind);
    if (random.chance(0.3)) this.broker.retainOld(VALUES);
    this.prefixes = random.chance(0.5) ? [''] : ['a', 'b/'];
    const keys = Array.from({ length: random.int(5, 60) }, (_, i) => `${random.pick(['a', 'b/', 'c'])}${i}`);
    this.keys = [...keys, 'a+b', 'b/#%', ...(poison === undefined ? [] : ['a.x', 'b/y.z'])];
    this.mostTopics = random.chance(0.3) ? random.int(1, this.keys.length) : 1_000;
    this.isRemote = random.chance(0.3);
    const topicOf = (key: string): string | undefined => {
      const topic = names.ofKey(PARTS.value, key);
      return topic === undefined || kind.cutsFor(topic) ? undefined : topic;
    };
    this.checker = new MirrorChecker(
      { prefixes: this.prefixes, mostTopics: this.mostTopics, topicOf, keyOf },
      (publisher) => this.servers.find(({ name }) => name === publisher)?.store,
    );
    this.broker.onTaken = (message) => {
      if (message.topic.startsWith(VALUES)) this.checker.taken(message);
    };
    for (let i = 0; i < 3; i++) this.addServer();
  }

  async run(): Promise<MirrorRunResult> {
    const { random, world } = this;
    const troubleMs = random.between(5_000, 40_000);
    const gapMs = random.pick([2, 20, 200]);
    const write = (): void => {
      if (world.nowMs > troubleMs) return;
      this.write();
      world.at(world.nowMs + random.between(0, 2 * gapMs), write);
    };
    const trouble = (): void => {
      if (world.nowMs > troubleMs) return;
      this.trouble();
      world.at(world.nowMs + random.between(100, 4_000), trouble);
    };
    world.at(0, write);
    world.at(random.between(0, 8_000), trouble);
    // With nothing afterwards that would make up for what it did not tell.
    if (random.chance(0.3)) world.at(troubleMs - 1_000, () => this.acting?.store.disturb(true));
    await this.goOn(troubleMs);
    this.calm();
    await this.goOn(troubleMs + 60_000);
    return this.judge();
  }

  private async goOn(untilMs: number): Promise<void> {
    while (this.world.step(untilMs)) await promisesSettled();
  }

  private judge(): MirrorRunResult {
    const { violations } = this.checker;
    const acting = this.servers.filter(({ role }) => role.acts);
    const [one] = acting;
    if (one === undefined || acting.length > 1) violations.push(`${acting.length} servers act at the end`);
    const below = [...this.broker.retained].filter(([topic]) => topic.startsWith(VALUES));
    if (one !== undefined) {
      this.checker.ended(new Map(below), one.store);
      if (!one.mirror.isUpToDate) violations.push('the mirror does not say that it is up to date');
    }
    for (const { connections, name } of this.servers) {
      for (const { mostOpen, mostOpenOfOneTopic } of connections) {
        if (mostOpen > defaultMirrorTuning.window + 1)
          violations.push(`${name}: ${mostOpen} publishes under way`);
        if (mostOpenOfOneTopic > 1) violations.push(`${name}: ${mostOpenOfOneTopic} of one topic under way`);
      }
    }
    const sum = (of: (server: SimServer) => number): number =>
      this.servers.reduce((all, s) => all + of(s), 0);
    return {
      violations,
      published: sum(({ mirror }) => mirror.view.published),
      corrected: sum(({ mirror }) => mirror.view.corrected),
      walks: sum(({ mirror }) => mirror.view.walks),
      takeovers: this.takeovers,
      about: this.broker.retained.get(ABOUT),
      topics: below.length,
    };
  }

  // ── servers ────────────────────────────────────────────────────────────────────────────────────────────────────

  private addServer(): void {
    const { world, random, broker } = this;
    const name = `s${this.servers.length}`;
    const time = new StoppableTime(world);
    const store = new MirrorStore(time, random, this.isRemote);
    const isReachable = (): boolean => server.isReachable;
    const connections: SimTopics[] = [];
    const door = new SimTopics(`door-${name}`, name, broker, time, () => false, isReachable);
    const role: SoleServer = new SoleServer({
      isConnected: () => door.connected,
      leads: () => this.leads(server),
      time,
      onBegin: () => {
        this.takeovers++;
        mirror.begin();
      },
      onEnd: () => void mirror.end(),
      onLook: () => {
        server.heardMs = world.nowMs;
      },
    });
    const mirror = new Mirror({
      ...{
        fleet: FLEET,
        engine: store.engine,
        prefixes: this.prefixes,
        mostTopics: this.mostTopics,
        time,
        logger: quiet,
      },
      open: () => {
        const topics = new SimTopics(
          `mirror-${name}`,
          name,
          broker,
          time,
          (topic) => topic.startsWith('kvs/'),
          isReachable,
        );
        connections.push(topics);
        return topics;
      },
      acts: () => role.acts,
      publisher: () => ({ servidor: name, origem: name }),
      tuning: {
        ...defaultMirrorTuning,
        dirty: random.pick([4, 16, 1_000]),
        ...{ walkAhead: 2, otherTopics: 2, toldMany: TOLD / 2 },
        suspects: random.pick([2, 1_000]),
        looksPerTurn: 3,
        perSecond: random.pick([50, 1_000]),
        burst: random.pick([1, 50]),
      },
    });
    const server: SimServer = {
      ...{ name, time, store, mirror, role, door, connections },
      ...{ heardMs: 0, isDead: false, isReachable: true },
    };
    this.servers.push(server);
    for (const { store: other } of this.servers.slice(0, -1)) {
      for (const [key, value] of other.values()) store.apply({ key, value, stamp: ++this.stamp });
    }
    door.start({
      onMessage: () => undefined,
      onConnected: () => {
        role.look();
      },
      onDisconnected: () => {
        role.look();
      },
    });
    role.look();
  }

  /** The first of those that are heard: others are missed a while after they have stopped. */
  private leads(server: SimServer): boolean {
    const heard = this.servers.filter(
      (other) =>
        other === server ||
        (!this.parted &&
          !other.isDead &&
          other.isReachable &&
          this.world.nowMs - (other.heardMs ?? 0) < 1_500),
    );
    return heard[0] === server;
  }

  // ── what happens ───────────────────────────────────────────────────────────────────────────────────────────────

  private write(): void {
    const { random } = this;
    const writer = random.pick(this.servers);
    if (!writer.time.runs) return;
    const key = random.chance(0.3) ? (this.keys[0] as string) : random.pick(this.keys);
    const stamp = ++this.stamp;
    const value = random.chance(0.25) ? undefined : random.chance(0.05) ? '' : `v${stamp}`;
    for (const other of this.servers) {
      const tell = (): void => {
        other.store.apply({ key, value, stamp });
      };
      if (other === writer) other.time.turn(tell);
      else if (this.parted) this.undelivered.push({ to: other, call: tell });
      else this.world.at(this.world.nowMs + random.between(1, 50), () => other.time.turn(tell));
    }
  }

  private get acting(): SimServer | undefined {
    return this.servers.find(({ role }) => role.acts);
  }

  private trouble(): void {
    const { random, world, broker } = this;
    const server = random.pick(this.servers);
    const acting = this.acting ?? server;
    const last = acting.connections.at(-1);
    switch (random.int(0, 11)) {
      case 0:
        this.freeze(acting);
        return;
      case 1:
        if (this.servers.filter(({ isDead }) => !isDead).length > 1) this.kill(acting);
        return;
      case 2:
        broker.stop(random.chance(0.5));
        world.at(world.nowMs + random.between(10, 3_000), () => broker.start());
        return;
      case 3:
        last?.cut();
        return;
      case 4:
        acting.isReachable = false;
        acting.door.cut();
        last?.cut();
        world.at(world.nowMs + random.between(100, 8_000), () => (acting.isReachable = true));
        return;
      case 5:
        this.parted = !this.parted;
        if (!this.parted) this.heal();
        return;
      case 6:
        acting.store.disturb(random.chance(0.5));
        return;
      case 7:
        last?.hold();
        world.at(world.nowMs + random.between(100, 8_000), () => last?.release());
        return;
      default:
        this.stranger();
    }
  }

  /** What it has sent may lie on the way meanwhile, and arrive when another one publishes. */
  private freeze(server: SimServer): void {
    const { random, world } = this;
    const last = server.connections.at(-1);
    const isHeld = random.chance(0.5);
    if (isHeld) last?.hold();
    server.time.stop();
    const forMs = random.between(200, 12_000);
    world.at(world.nowMs + forMs, () => server.time.thaw());
    if (isHeld) world.at(world.nowMs + random.between(0, forMs + 2_000), () => last?.release());
  }

  private kill(server: SimServer): void {
    server.isDead = true;
    server.time.kill();
    server.door.cut();
    server.connections.at(-1)?.cut();
    if (this.servers.length < 6) this.world.at(this.world.nowMs + 2_000, () => this.addServer());
  }

  private heal(): void {
    for (const { to, call } of this.undelivered.splice(0)) to.time.turn(call);
  }

  private stranger(): void {
    const { random, broker } = this;
    if (!broker.isUp) return;
    for (let i = random.int(1, 6); i > 0; i--) {
      const key = random.pick([...this.keys, 'nobody', 'nobody2', 'nobody3', '%zz', '%61', 'a/'.repeat(200)]);
      const topic =
        VALUES + (random.chance(0.5) ? key : (names.ofKey(PARTS.value, key)?.slice(VALUES.length) ?? key));
      if (broker.kind.cutsFor(topic) || /[+#]/.test(topic)) continue;
      const payload = random.chance(0.3) ? '' : `x${random.int(0, 1e9)}`;
      broker.take({ topic, payload, retain: random.chance(0.8), by: undefined, user: undefined });
    }
  }

  private calm(): void {
    this.broker.start();
    this.parted = false;
    this.heal();
    for (const server of this.servers) {
      server.isReachable = true;
      server.time.thaw();
      for (const connection of server.connections) connection.release();
    }
  }
}
