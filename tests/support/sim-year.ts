import { defaultFleetTuning, type FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import type { KeyWrite } from '../../src/ports/engine.js';
import { Violation } from './oracle.js';
import { stateText } from './oracle-compare.js';
import { PlainNetwork } from './sim-bus.js';
import { SimDisk } from './sim-journal.js';
import { SeededRandom } from './sim-random.js';
import { promisesSettled, World } from './sim-time.js';
import { sizesOf, type Sizes } from './sim-year-sizes.js';
import { GivenNumbers } from './sim-year-load.js';
import { YearServer } from './sim-year-server.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const STEPS_BEFORE_PAUSE = 500;
const CONVERGENCE_MS = HOUR_MS;

/** What a fleet of three servers goes through. */
export interface YearOptions {
  readonly seed: number;
  readonly lengthMs: number;
  /** New keys that are there for minutes only, on average; they come a few at once. */
  readonly keysPerSecond: number;
  readonly keysAtOnce: number;
  /** Keys that stay, and are written now and then. */
  readonly livingKeys: number;
  /** Names that come back, among those that are there for minutes. */
  readonly names: number;
  /** Each server starts anew so often, the third one without a disk. */
  readonly restartEveryMs: number;
  readonly partitionEveryMs: number;
  readonly partitionMs: number;
  readonly sampleEveryMs: number;
  readonly tuning: Partial<FleetTuning>;
}

/** How big everything was, each time that it was looked at. */
export interface YearReport {
  readonly samples: readonly (Sizes & { readonly day: number })[];
  readonly keys: number;
  readonly restarts: number;
  readonly partitions: number;
  /** Numbers that were compared with one that the writer knew. */
  readonly comparisons: number;
  /** The greatest floor of any part. */
  readonly floor: number;
  readonly raises: number;
  readonly sweeps: number;
}

/** Three servers over a long time. @throws Violation */
export function runYear(options: YearOptions): Promise<YearReport> {
  return new Year(options).run();
}

class Year {
  private readonly random: SeededRandom;
  private readonly world = new World();
  private readonly network: PlainNetwork;
  private readonly tuning: FleetTuning;
  private readonly numbers = new GivenNumbers((key) => key.startsWith('n'));
  private readonly disks = [new SimDisk(), new SimDisk(), undefined];
  private readonly servers: YearServer[] = [];
  private readonly samples: (Sizes & { day: number })[] = [];
  private keys = 0;
  private restarts = 0;
  private partitions = 0;
  private raises = 0;
  private sweeps = 0;
  private steps = 0;

  constructor(private readonly options: YearOptions) {
    this.random = new SeededRandom(options.seed);
    this.network = new PlainNetwork(this.world, this.random, false);
    this.tuning = { ...defaultFleetTuning, ...options.tuning };
  }

  async run(): Promise<YearReport> {
    const { options, world } = this;
    for (const i of this.disks.keys()) await this.start(i);
    await this.until(() => this.servers.every((server) => server.isServing), MINUTE_MS * 10);
    this.loadLater();
    const dueMs = { restart: options.restartEveryMs / 3, partition: options.partitionEveryMs, sample: 0 };
    while (world.nowMs < options.lengthMs) {
      const nextMs = Math.min(dueMs.restart, dueMs.partition, dueMs.sample, options.lengthMs);
      await this.advance(nextMs - world.nowMs);
      if (world.nowMs >= dueMs.sample) {
        this.sample();
        dueMs.sample += options.sampleEveryMs;
      }
      if (world.nowMs >= dueMs.restart) {
        await this.restart(this.restarts++ % 3);
        dueMs.restart += options.restartEveryMs / 3;
      }
      if (world.nowMs >= dueMs.partition) {
        await this.partition();
        dueMs.partition += options.partitionEveryMs;
      }
    }
    await this.converged();
    this.sample();
    const floors = this.servers[0]?.engine.store.floors.entries() ?? [];
    return {
      ...{ samples: this.samples, keys: this.keys, restarts: this.restarts, partitions: this.partitions },
      ...{ comparisons: this.numbers.checked, raises: this.raises, sweeps: this.sweeps },
      floor: Math.max(0, ...floors.map(({ version }) => version)),
    };
  }

  // ── what happens ───────────────────────────────────────────────────────────────────────────────────────────────

  private loadLater(): void {
    const { world, random, options } = this;
    const { keysPerSecond, keysAtOnce } = options;
    const inMs = (-Math.log(1 - random.next()) * 1_000 * keysAtOnce) / keysPerSecond;
    world.at(world.nowMs + inMs, () => {
      this.load();
      this.loadLater();
    });
  }

  /** Keys that are there for minutes: with a ttl, or removed, by whoever has them by then. */
  private load(): void {
    const { random, options } = this;
    const server = this.servingServer();
    if (!server) return;
    const writes: KeyWrite[] = [];
    const forMs = Math.ceil(random.between(60, 600)) * 1_000;
    const isForTtl = random.chance(0.5);
    const keys = Array.from({ length: options.keysAtOnce }, () => this.key());
    for (const key of keys) {
      const times = random.chance(0.1) ? random.int(2, 5) : 1;
      const ttlMs = isForTtl ? forMs : undefined;
      for (let i = 0; i < times; i++) writes.push({ kind: 'insert', key, value: 'v', ttlMs });
    }
    if (random.chance(0.2)) {
      const living = `l${random.int(1, options.livingKeys)}`;
      writes.push({ kind: 'insert', key: living, value: 'v' }, { kind: 'trim', key: living });
    }
    server.write(writes);
    if (!isForTtl) this.removeLater(forMs, keys);
    else if (random.chance(0.2)) this.renewLater(forMs / 2, forMs, keys);
  }

  /** Some names come back, long after they were forgotten. */
  private key(): string {
    const { random, options } = this;
    const number = this.keys++;
    return random.chance(0.1) ? `n${random.int(1, options.names)}` : `k${number}`;
  }

  private renewLater(inMs: number, ttlMs: number, keys: readonly string[]): void {
    this.world.at(this.world.nowMs + inMs, () => {
      this.servingServer()?.write(keys.map((key) => ({ kind: 'insert', key, value: 'w', ttlMs })));
    });
  }

  /** Until nobody has them: a partition may have kept them from whoever was asked to remove them. */
  private removeLater(inMs: number, keys: readonly string[]): void {
    this.world.at(this.world.nowMs + inMs, () => {
      this.servingServer()?.write(keys.map((key) => ({ kind: 'removeAll', key })));
      const left = keys.filter((key) => this.servers.some((other) => other.engine.store.getAt(key)));
      if (left.length > 0) this.removeLater(5 * MINUTE_MS, left);
    });
  }

  private async restart(slot: number): Promise<void> {
    const server = this.servers[slot] as YearServer;
    if (this.random.chance(0.5)) server.end();
    else {
      const stopped = server.stop();
      let isDone = false;
      void stopped.then(() => (isDone = true));
      await this.until(() => isDone, 10 * MINUTE_MS);
    }
    await this.advance(this.random.between(1_000, 10 * MINUTE_MS));
    await this.start(slot);
    await this.until(() => this.servers.every(({ isServing }) => isServing), HOUR_MS);
  }

  private async start(slot: number): Promise<void> {
    const { network, tuning, numbers } = this;
    const fate = { full: false, delaysMs: () => [1, 1] as const, leavesGhost: () => false };
    const server = new YearServer(network, tuning, numbers, fate, this.disks[slot]);
    this.servers[slot] = server;
    const { store } = server.engine;
    const accept = server.engine.accept;
    server.engine.accept = (mutation) => {
      if (mutation.kind === 'raiseFloor') this.raises++;
      if (mutation.kind === 'discard') this.sweeps++;
      accept(mutation);
    };
    const loaded = server.start();
    let isLoaded = false;
    void loaded.then(() => (isLoaded = true));
    await this.until(() => isLoaded, MINUTE_MS);
    if (store.vector.size > 0 && !this.disks[slot])
      throw new Violation('a server without a disk knew of others');
  }

  private async partition(): Promise<void> {
    this.partitions++;
    this.network.split(2);
    await this.advance(this.options.partitionMs);
    this.network.merge();
    await this.converged();
  }

  // ── what must hold ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Everybody becomes equal, although writes go on. */
  private async converged(): Promise<void> {
    await this.until(() => {
      const [first, ...others] = this.servers.map(({ engine }) => engine.store);
      if (!first || !this.servers.every((server) => server.isServing)) return false;
      return others.every((store) => store.vector.digest() === first.vector.digest());
    }, CONVERGENCE_MS);
    const stores = this.servers.map(({ engine }) => engine.store);
    if (new Set(stores.map((store) => store.hash())).size > 1) throw new Violation('hashes differ');
    if (new Set(stores.map(stateText)).size > 1) throw new Violation('contents differ');
    for (const { engine } of this.servers)
      if (engine.member.diverged) throw new Violation(`${engine.origin} raised the alarm`);
    this.numbers.settle(stores);
  }

  private sample(): void {
    this.samples.push({ day: this.world.nowMs / DAY_MS, ...sizesOf(this.servers, this.disks) });
  }

  private servingServer(): YearServer | undefined {
    const serving = this.servers.filter((server) => server.isServing);
    return serving.length > 0 ? this.random.pick(serving) : undefined;
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────

  private async advance(byMs: number): Promise<void> {
    const untilMs = this.world.nowMs + byMs;
    while (this.world.step(untilMs)) if (++this.steps % STEPS_BEFORE_PAUSE === 0) await promisesSettled();
    await promisesSettled();
  }

  private async until(isSo: () => boolean, withinMs: number): Promise<void> {
    const untilMs = this.world.nowMs + withinMs;
    while (!isSo()) {
      if (this.world.nowMs >= untilMs) throw new Violation(`not within ${withinMs} ms: ${String(isSo)}`);
      await this.advance(50);
    }
  }
}
