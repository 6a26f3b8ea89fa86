import { requestId } from '../../src/client/request-id.js';
import type { Attempt } from '../../src/core/attempt.js';
import { KvsError } from '../../src/core/errors.js';
import type { Answers } from '../../src/ports/engine.js';
import { defaultFleetTuning, type FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { Violation } from './oracle.js';
import { PlainNetwork } from './sim-bus.js';
import { SimDisk } from './sim-journal.js';
import { CALM } from './sim-network.js';
import { SeededRandom } from './sim-random.js';
import { RequestServer } from './sim-request-server.js';
import { promisesSettled, World } from './sim-time.js';
import { Fate, hostileJournal, randomWeather } from './sim-trouble.js';

const KEYS = ['alfa', '__proto__', 'ômega'];
const PATIENCE_MS = 700;
const ATTEMPTS_MAX = 6;
const CONVERGENCE_MS = 120_000;

/** How a run went: each figure must be seen to be more than 0 in some run. */
export interface RequestsReport {
  answered: number;
  unknown: number;
  /** Answers to a later attempt than the first. */
  late: number;
  /** Requests of which more than one attempt was written. */
  doubled: number;
  refusedAsForgotten: number;
  crashes: number;
  /** Of all servers at once. */
  powerCuts: number;
  /** States taken from a peer while requests went on. */
  joined: number;
}

/** One client with one request. */
interface Request {
  readonly key: string;
  readonly id: string;
  attempt: number;
  asked: number;
  over: boolean;
  answer: (Answers['insert'] & { readonly by: RequestServer; readonly attempt: number }) | undefined;
  /** Version and timestamp of each insert that a server told of, whether or not its answer arrived. */
  readonly places: Set<string>;
}

/** What happens to the servers of a run beyond the network's weather: nothing, deaths for good, or power cuts. */
export type Deaths = 'none' | 'deaths' | 'powerCuts';

/**
 * Clients that repeat their inserts at servers which lose requests, answers, messages, each other and their lives, in
 * virtual time from one seed. When all is well again every request stands once, in the version that its client was told.
 * @throws Violation
 */
export function runRequests(seed: number, deaths: Deaths): Promise<RequestsReport> {
  return new Run(seed, deaths).run();
}

class Run {
  private readonly random: SeededRandom;
  private readonly world = new World();
  private readonly network: PlainNetwork;
  private readonly servers: RequestServer[] = [];
  private readonly requests: Request[] = [];
  private readonly report: RequestsReport = {
    ...{ answered: 0, unknown: 0, late: 0, doubled: 0, refusedAsForgotten: 0, crashes: 0 },
    ...{ powerCuts: 0, joined: 0 },
  };
  private plain = 0;
  private readonly tuning: FleetTuning;
  private readonly fate: Fate;
  /** Disks of servers that are down. */
  private readonly down: SimDisk[] = [];

  constructor(
    seed: number,
    private readonly deaths: Deaths,
  ) {
    this.random = new SeededRandom(seed);
    // Randomness of its own: runs without disks go on as they did.
    const forDisks = new SeededRandom(seed + 1);
    this.fate = new Fate(forDisks);
    this.tuning = { ...defaultFleetTuning, presenceIntervalMs: 500 };
    if (deaths === 'powerCuts') {
      // Logs so short that servers take states from each other, and fold their own.
      const logBatches = forDisks.pick([3, 10, 1_000]);
      this.tuning = { ...this.tuning, ...hostileJournal(forDisks), logBatches };
    }
    this.network = new PlainNetwork(this.world, this.random, this.random.chance(0.3));
  }

  async run(): Promise<RequestsReport> {
    const { random, network } = this;
    for (let i = random.int(2, 5); i > 0; i--)
      await this.begin(this.deaths === 'powerCuts' ? new SimDisk() : undefined);
    await this.advance(10_000);
    for (let step = 0; step < 150; step++) {
      await this.act();
      await this.advance(random.between(0, 200));
    }
    network.changeWeather(CALM);
    network.merge();
    this.fate.full = false;
    await this.restore();
    await this.advance(PATIENCE_MS * (ATTEMPTS_MAX + 1) + 5_000);
    await this.converge();
    for (const server of this.alive()) this.check(server);
    this.count();
    return this.report;
  }

  private async act(): Promise<void> {
    const { random, network } = this;
    const what = random.next();
    if (what < 0.5) this.beginRequest();
    else if (what < 0.65) this.insertPlainly();
    else if (what < 0.78) network.split(random.int(2, 3));
    else if (what < 0.88) network.merge();
    else if (what < 0.96) network.changeWeather(random.chance(0.4) ? CALM : randomWeather(random));
    else if (this.deaths === 'powerCuts') await this.troublePower();
    else if (this.deaths === 'deaths' && this.alive().length > 1) {
      this.end(random.pick(this.alive()));
      await this.begin(undefined);
    }
  }

  /** Power goes for one server or for all, and comes back; disks are full for a while. */
  private async troublePower(): Promise<void> {
    const { random } = this;
    const what = random.next();
    if (what < 0.35) {
      if (this.alive().length > 1) this.end(random.pick(this.alive()));
    } else if (what < 0.6) {
      for (const server of this.alive()) this.end(server);
      this.report.powerCuts++;
      await this.restore();
    } else if (what < 0.85) await this.restore();
    else this.fate.full = random.chance(0.5);
  }

  /** Starts a server on every disk that has none. */
  private async restore(): Promise<void> {
    for (const disk of this.down.splice(0)) await this.begin(disk);
  }

  private async begin(disk: SimDisk | undefined): Promise<void> {
    const server = new RequestServer(this.network, this.tuning, disk, this.fate);
    this.servers.push(server);
    await server.start();
  }

  private end(server: RequestServer): void {
    server.end();
    this.report.crashes++;
    this.report.joined += server.engine.member.repair.counters.transfers;
    if (server.disk) this.down.push(server.disk);
  }

  private alive(): RequestServer[] {
    return this.servers.filter(({ alive }) => alive);
  }

  private insertPlainly(): void {
    const { random } = this;
    random.pick(this.alive()).insertPlainly(random.pick(KEYS), `simples ${++this.plain}`);
  }

  // ── clients ──────────────────────────────────────────────────────────────────────────────────────────────────

  private beginRequest(): void {
    const { random, world } = this;
    const id = requestId(
      1_700_000_000_000 + world.nowMs + random.between(-400, 400),
      `${random.name()}${random.name()}`,
    );
    const request = {
      key: random.pick(KEYS),
      id,
      attempt: 1,
      asked: 0,
      over: false,
      answer: undefined,
      places: new Set<string>(),
    };
    this.requests.push(request);
    this.ask(request);
  }

  /** One attempt. It may arrive late, or never, or its answer may; the client goes on after a while. */
  private ask(request: Request): void {
    const { world, random } = this;
    if (request.asked++ >= ATTEMPTS_MAX) {
      request.over = true;
      return;
    }
    const server = random.pick(this.alive());
    const attempt: Attempt = { id: request.id, number: request.attempt };
    let waits = true;
    const settle = (next: () => void): void => {
      if (!waits) return;
      waits = false;
      next();
    };
    world.at(world.nowMs + PATIENCE_MS, () =>
      settle(() => {
        request.attempt++;
        this.ask(request);
      }),
    );
    if (random.chance(0.15)) return;
    // Frozen servers do late what was asked long ago.
    const arrival = random.chance(0.2) ? random.between(500, 4_000) : random.between(1, 100);
    const isLost = random.chance(0.4);
    world.at(world.nowMs + arrival, () =>
      server.time.turn(() =>
        server.insert(request.key, request.id, attempt, (given) => {
          this.noteGiven(request, given);
          if (isLost) return;
          world.at(world.nowMs + random.between(1, 100), () =>
            settle(() => {
              if (given instanceof KvsError) {
                // A disk that refuses may have it all the same.
                if (given.code.startsWith('DISCO_')) request.attempt++;
                this.ask(request);
                return;
              }
              request.answer = { ...given, by: server, attempt: attempt.number };
              request.over = true;
            }),
          );
        }),
      ),
    );
  }

  private noteGiven(request: Request, given: Answers['insert'] | KvsError): void {
    if (!(given instanceof KvsError)) request.places.add(`${given.version}:${given.timestamp}`);
    else if (given.code === 'RESULTADO_DESCONHECIDO') this.report.refusedAsForgotten++;
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Promises, of servers with disks, go on every few milliseconds. */
  private async advance(byMs: number): Promise<void> {
    const { world } = this;
    const until = world.nowMs + byMs;
    if (this.deaths !== 'powerCuts') while (world.step(until)) continue;
    while (world.nowMs < until) {
      const soon = Math.min(until, world.nowMs + 20);
      while (world.step(soon)) continue;
      await promisesSettled();
    }
  }

  private async converge(): Promise<void> {
    const begunMs = this.world.nowMs;
    while (!this.isEven()) {
      if (this.world.nowMs - begunMs > CONVERGENCE_MS) throw new Violation('no convergence');
      await this.advance(100);
    }
    // Whoever still finds what was written twice removes it.
    await this.advance(6 * defaultFleetTuning.requestUndoMs);
    if (!this.isEven()) throw new Violation('no convergence after the removals');
  }

  private isEven(): boolean {
    const [first, ...others] = this.alive().map(({ engine }) => engine);
    return others.every(
      ({ store, member }) =>
        member.state === 'serving' &&
        store.vector.digest() === first?.store.vector.digest() &&
        store.hash() === first.store.hash(),
    );
  }

  private check({ engine }: RequestServer): void {
    const { transfers } = engine.member.repair.counters;
    if (this.deaths !== 'powerCuts' && transfers > 0)
      throw new Violation('a state was taken: ids of removed entries got lost');
    const found = new Map<string, number[]>();
    for (const { entries } of engine.store.fragments()) {
      for (const { value, version } of entries) found.set(value, [...(found.get(value) ?? []), version]);
    }
    for (const { id, answer, over } of this.requests) {
      const versions = found.get(id) ?? [];
      const where = `${id} at ${engine.origin}: ${JSON.stringify(versions)}`;
      if (!over) throw new Violation(`${where}, not over`);
      if (versions.length > 1) throw new Violation(`${where}, written more than once`);
      // What was answered by a server that died before anyone heard of it is lost, as any write to it without a disk.
      if (!answer || (!answer.by.alive && !answer.by.disk)) continue;
      if (versions[0] !== answer.version) {
        throw new Violation(`${where}, answered ${answer.version} to attempt ${answer.attempt}`);
      }
    }
  }

  private count(): void {
    const { report } = this;
    for (const { engine } of this.alive()) report.joined += engine.member.repair.counters.transfers;
    for (const { answer, places } of this.requests) {
      if (places.size > 1) report.doubled++;
      if (!answer) report.unknown++;
      else {
        report.answered++;
        if (answer.attempt > 1) report.late++;
      }
    }
  }
}
