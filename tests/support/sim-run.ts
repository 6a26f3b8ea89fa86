import { defaultFleetTuning, type FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { Violation, Oracle } from './oracle.js';
import { PlainNetwork } from './sim-bus.js';
import { FleetChecker } from './sim-checkers.js';
import { randomCommit } from './sim-commits.js';
import { Folders, type Fault } from './sim-folders.js';
import { CALM, type SimNetwork } from './sim-network.js';
import { SeededRandom } from './sim-random.js';
import type { Journals, RunOptions, SeedReport } from './sim-report.js';
import { hostileUpkeep, Life } from './sim-life.js';
import { SimServer } from './sim-server.js';
import { Siege } from './sim-siege.js';
import { SimSession, type SessionCounts } from './sim-session.js';
import { promisesSettled, World } from './sim-time.js';
import { hostileJournal, hostileTuning, randomWeather } from './sim-trouble.js';
import { hostileWatches, SimWatching } from './sim-watching.js';

const KEYS = ['alfa', '__proto__', 'constructor', 'a!b', 'duas\nlinhas', '😀"\\', 'toString', 'ômega'];
/** In the part of the first key. */
const OF_ONE_PART = ['ble', 'bxk'];
const CONVERGENCE_MS = 120_000;

/**
 * Runs a whole fleet in virtual time from one seed, under everything that can go wrong, with every check on.
 * @throws Violation, or whatever the code under test throws
 */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<SeedReport> {
  return await new Run(seed, options).run();
}

class Run {
  private readonly random: SeededRandom;
  private readonly journals: Journals;
  private readonly world = new World();
  private readonly network: SimNetwork;
  private readonly fleet = new FleetChecker(new Oracle());
  private readonly tuning: FleetTuning;
  private readonly keys: readonly string[];
  private readonly slots: (SimServer | undefined)[];
  private readonly everyone: SimServer[] = [];
  private crashes = 0;
  private lives = 1;
  private values = 0;
  private siblings = false;
  private gapMs: number;
  private readonly folders: Folders;
  private readonly life: Life;
  private readonly siege: Siege | undefined;
  private readonly forSessions: SeededRandom;
  private readonly sessionCounts: SessionCounts = { moved: 0, waited: 0, refused: 0 };
  private readonly sessions: readonly SimSession[];
  private readonly watching: SimWatching;

  constructor(seed: number, options: RunOptions) {
    const { journals = 'none', sessionsWait = true, siege, watchers = 0 } = options;
    // Randomness of its own: the seeds that once failed go on as they did.
    const forSessions = (this.forSessions = new SeededRandom(seed + 2));
    this.sessions = [1, 2, 3].map(
      () => new SimSession(forSessions, this.fleet, this.sessionCounts, sessionsWait),
    );
    const random = (this.random = new SeededRandom(seed));
    const codec = random.chance(0.3);
    this.journals = journals;
    this.siege = siege && new Siege(this.world, random, seed + 3, siege === 'sealed');
    this.network = this.siege?.network ?? new PlainNetwork(this.world, random, codec);
    this.network.acknowledgeMaxMs = random.pick([5, 500, 4_000]);
    const tuning = random.chance(0.12) ? defaultFleetTuning : hostileTuning(random);
    this.tuning = {
      ...tuning,
      ...hostileJournal(new SeededRandom(seed + 1)),
      ...hostileUpkeep(new SeededRandom(seed + 7)),
      ...hostileWatches(new SeededRandom(seed + 9), tuning),
    };
    this.keys = [...KEYS.slice(0, random.int(4, KEYS.length)), ...OF_ONE_PART];
    this.watching = new SimWatching(new SeededRandom(seed + 8), this.fleet, this.tuning, this.keys, watchers);
    this.life = new Life(new SeededRandom(seed + 6), this.fleet, this.keys);
    this.slots = new Array<SimServer | undefined>(random.int(2, 7)).fill(undefined);
    this.gapMs = this.randomGap();
    const { slots, everyone } = this;
    const servers = { slots, everyone, crash: (server?: SimServer) => this.crashOne(server) };
    this.folders = new Folders(random, servers, journals);
  }

  async run(): Promise<SeedReport> {
    this.siege?.begin(this.tuning);
    await this.fillSlots();
    await this.advance(this.random.pick([0, 1, 2, 2]) * this.tuning.joinPatienceMs);
    this.network.changeWeather(this.random.chance(0.3) ? CALM : randomWeather(this.random));
    const operations = this.random.int(90, 180);
    for (let done = 0; done < operations;) {
      done += await this.act();
      await this.advance(-Math.log(1 - this.random.next()) * this.gapMs);
    }
    const joinedWhileWriting = this.sum((server) => server.joined);
    const convergedMs = await this.heal();
    return {
      servers: this.slots.length,
      mutations: this.fleet.oracle.size,
      joinedWhileWriting,
      joined: this.sum((server) => server.joined),
      discarded: this.sum((server) => server.engine.member.repair.counters.transfersDiscarded),
      logBatches: this.sum((server) => server.engine.member.repair.counters.batches),
      siblings: this.siblings,
      crashes: this.crashes,
      fullDisks: this.folders.fullDisks,
      oldCopies: this.folders.oldCopies,
      promised: this.sum((server) => server.acknowledged),
      commits: this.fleet.stepCount,
      lives: this.lives,
      siege: this.siege?.report(),
      sessions: this.sessionCounts,
      watches: this.watching.counts,
      life: this.fleet.life,
      convergedMs,
      virtualMs: this.world.nowMs,
    };
  }

  // ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Does one thing, good or bad. Returns how many operations it cost. */
  private async act(): Promise<number> {
    const { random } = this;
    if (random.chance(0.08)) return this.duel();
    if (random.chance(0.62)) return await this.burst();
    const faults: readonly Fault[] = [
      [4, () => this.network.changeWeather(randomWeather(random))],
      [2, () => this.network.changeWeather(CALM)],
      [4, () => this.network.split(random.int(2, 3))],
      [4, () => this.network.merge()],
      [1, () => this.network.setDown(true)],
      [4, () => this.network.setDown(false)],
      [2, () => this.randomServer()?.bus.disconnect()],
      [4, () => this.reconnect()],
      [3, () => this.crashOne(random.pick(this.slots))],
      [2, () => this.crashOne(this.slots.find((server) => server?.isStaging === true))],
      [1, () => this.randomServer()?.stop()],
      [6, () => this.fillSlots()],
      [2, () => this.randomServer()?.time.jumpWall(random.between(-20_000, 5_000))],
      [4, () => void (this.gapMs = this.randomGap())],
      ...this.folders.faults(),
      ...(this.siege ? [[3, () => this.crashEveryone()] as const] : []),
    ];
    let at = random.between(
      0,
      faults.reduce((sum, [weight]) => sum + weight, 0),
    );
    for (const [weight, call] of faults) {
      at -= weight;
      if (at > 0) continue;
      await call();
      break;
    }
    return 1;
  }

  /** Several operations in one turn of one server's event loop. */
  private async burst(): Promise<number> {
    const { random } = this;
    const serving = this.alive().filter(({ engine }) => engine.member.state === 'serving');
    const server = serving.length > 0 && random.chance(0.9) ? random.pick(serving) : this.randomServer();
    if (!server) {
      await this.fillSlots();
      return 1;
    }
    const count = random.chance(0.1) ? random.int(5, 20) : random.int(1, 3);
    server.time.turn(() => {
      for (let i = 0; i < count; i++) {
        this.operate(server);
        if (this.forSessions.chance(0.4)) this.life.operate(server, () => `v${++this.values}`);
        if (this.forSessions.chance(0.5)) this.forSessions.pick(this.sessions).visit(server);
      }
    });
    return count;
  }

  /** Two servers write in turns, faster than a slow broker acknowledges: batches grow while others' arrive. */
  private duel(): number {
    const { random, world } = this;
    const count = random.int(4, 16);
    const pair = [this.randomServer(), this.randomServer()];
    for (let i = 0, atMs = world.nowMs; i < count; i++, atMs += random.between(1, 20)) {
      const server = pair[i % 2];
      if (server) world.at(atMs, () => server.time.turn(() => this.operate(server)));
    }
    return Math.ceil(count / 2);
  }

  private operate(server: SimServer): void {
    const { random } = this;
    if (this.journals !== 'none' && random.chance(0.2)) {
      const versionOf = (key: string): number => server.engine.store.getAt(key)?.version ?? 0;
      server.commit(randomCommit(random, this.keys, versionOf, () => `v${++this.values}`));
      return;
    }
    const key = random.pick(this.keys);
    const kind = random.next();
    if (kind < 0.62) server.insert(key, `v${++this.values}`);
    else if (kind < 0.75) server.remove(key, undefined);
    else if (kind < 0.92) server.remove(key, this.someVersion(server, key));
    else server.query(key, random.chance(0.5) ? undefined : this.someVersion(server, key));
    this.siblings ||= this.everyone.some((other) => other.engine.store.heads(key).length > 1);
  }

  private someVersion(server: SimServer, key: string): number {
    const entries = this.fleet.oracle.entriesAt(server.engine.store.vector.entries(), key);
    return entries.length > 0 && this.random.chance(0.9)
      ? this.random.pick(entries).version
      : this.random.int(1, 9);
  }

  private reconnect(): void {
    for (const server of this.slots) server?.bus.connectSoon();
  }

  private crashOne(server: SimServer | undefined): void {
    if (!server?.alive) return;
    server.crash();
    this.crashes++;
  }

  /** The whole fleet at once. Without a disk, nobody may ever hear of it again. */
  private crashEveryone(): void {
    for (const server of this.slots) this.crashOne(server);
    this.lives++;
    if (this.folders.areNone) this.fleet.forget(this.everyone.map(({ origin }) => origin));
  }

  private async fillSlots(): Promise<void> {
    for (const [i, server] of this.slots.entries()) {
      if (server?.alive) continue;
      const fresh = new SimServer(
        this.network,
        this.tuning,
        this.fleet,
        this.folders.of(i),
        this.folders.fate,
      );
      this.slots[i] = fresh;
      this.everyone.push(fresh);
      this.siege?.noteServer(fresh);
      await fresh.load();
    }
  }

  private randomServer(): SimServer | undefined {
    const alive = this.alive();
    return alive.length === 0 ? undefined : this.random.pick(alive);
  }

  private alive(): SimServer[] {
    return this.slots.filter((server): server is SimServer => server?.alive === true);
  }

  private randomGap(): number {
    return this.random.pick([20, 50, 100, 200, 300]);
  }

  private sum(count: (server: SimServer) => number): number {
    return this.everyone.reduce((sum, server) => sum + count(server), 0);
  }

  // ── time, and the end ────────────────────────────────────────────────────────────────────────────────────────

  private async advance(byMs: number): Promise<void> {
    const until = this.world.nowMs + byMs;
    this.life.readOn();
    while (this.world.step(until)) {
      if (
        this.isStopping() ||
        this.siege?.isPromised() === true ||
        this.sessions.some((session) => session.isWaiting) ||
        this.watching.isWaiting
      )
        await promisesSettled();
    }
    for (const { violation } of this.sessions) if (violation !== undefined) throw violation;
    await this.watching.turn(this.alive());
    if (this.isStopping() || this.journals !== 'none') await promisesSettled();
  }

  private isStopping(): boolean {
    return this.slots.some((server) => server?.stopping === true && server.alive);
  }

  /** Repairs the world, waits until the servers are equal, and checks that nothing that survived was lost. */
  private async heal(): Promise<number> {
    const { network, world } = this;
    const leaving = this.alive().filter((server) => server.stopping);
    const survived = new Map<string, number>();
    const survives = ({ engine }: SimServer): void => {
      for (const [origin, seq] of engine.store.vector.entries()) {
        survived.set(origin, Math.max(seq, survived.get(origin) ?? 0));
      }
    };
    for (const server of this.alive()) if (!server.stopping) survives(server);
    this.siege?.relent();
    network.changeWeather(CALM);
    network.acknowledgeMaxMs = 5;
    network.merge();
    network.setDown(false);
    this.folders.fate.full = false;
    while (leaving.some((server) => server.alive)) await this.advance(100);
    // Who leaves owes the fleet what it had, unless it said that nobody else has it all; or was told so by a peer that
    // was dead by then, which whoever has the broker can bring about.
    for (const server of leaving) if (server.handedOver && !this.siege) survives(server);
    // What was promised with a journal is kept, whoever was killed.
    for (const server of this.everyone) {
      if (server.acknowledged === 0 || this.folders.forgiven.has(server)) continue;
      survived.set(server.origin, Math.max(server.acknowledged, survived.get(server.origin) ?? 0));
    }
    await this.fillSlots();
    this.reconnect();
    const healedMs = world.nowMs;
    await this.evened(healedMs);
    const convergedMs = world.nowMs - healedMs;
    await this.advance(3 * this.tuning.presenceIntervalMs);
    // Until then something may have been swept, or somebody heard what an attacker had kept back.
    await this.evened(healedMs);
    this.fleet.assertConverged(this.alive().map((server) => server.engine));
    for (const [origin, seq] of survived) {
      const loser = this.alive().find((server) => server.engine.store.vector.seqOf(origin) < seq);
      if (loser) throw new Violation(`${origin}:${seq} survived and was lost by ${loser.origin}`);
    }
    for (const server of this.alive()) server.check();
    await this.watching.finish(this.alive(), (ms) => this.advance(ms));
    return convergedMs;
  }

  private async evened(healedMs: number): Promise<void> {
    while (!this.isEven()) {
      if (this.world.nowMs - healedMs > CONVERGENCE_MS)
        throw new Violation(`no convergence: ${this.alive().map(String).join('\n  ')}`);
      await this.advance(20);
    }
  }

  private isEven(): boolean {
    const servers = this.alive();
    const first = servers[0]?.engine.store.vector.digest();
    if (this.siege && !this.siege.isAcquainted(servers)) return false;
    return servers.every(
      ({ engine, isSettled }) =>
        isSettled &&
        engine.member.state === 'serving' &&
        engine.store.expiringCount === 0 &&
        engine.store.vector.digest() === first,
    );
  }
}
