import { requestId } from '../../src/client/request-id.js';
import type { Attempt } from '../../src/core/attempt.js';
import { KvsError } from '../../src/core/errors.js';
import { FleetEngine } from '../../src/engine/fleet.js';
import type { Inserted } from '../../src/ports/engine.js';
import { defaultTuning } from '../../src/replication/tuning.js';
import { Violation } from './oracle.js';
import { PlainNetwork, type SimBus } from './sim-bus.js';
import { CALM } from './sim-network.js';
import { SeededRandom } from './sim-random.js';
import { ServerTime, World } from './sim-time.js';
import { randomWeather } from './sim-trouble.js';

const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const KEYS = ['alfa', '__proto__', 'ômega'];
const PATIENCE_MS = 700;
const ATTEMPTS_MAX = 6;
const CONVERGENCE_MS = 120_000;

function nothing(): void {
  // Nobody reads it.
}

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
}

/** One client with one request. */
interface Request {
  readonly key: string;
  readonly id: string;
  attempt: number;
  asked: number;
  over: boolean;
  answer: (Inserted & { readonly by: Server; readonly attempt: number }) | undefined;
  written: number;
}

interface Server {
  readonly engine: FleetEngine;
  readonly bus: SimBus;
  readonly time: ServerTime;
  alive: boolean;
}

/**
 * Clients that repeat their inserts at servers which lose requests, answers, messages, each other and their lives, in
 * virtual time from one seed. When all is well again every request stands once, in the version that its client was told.
 * @throws Violation
 */
export function runRequests(seed: number, dies: boolean): RequestsReport {
  return new Run(seed, dies).run();
}

class Run {
  private readonly random: SeededRandom;
  private readonly world = new World();
  private readonly network: PlainNetwork;
  private readonly servers: Server[] = [];
  private readonly requests: Request[] = [];
  private readonly report: RequestsReport = {
    ...{ answered: 0, unknown: 0, late: 0, doubled: 0, refusedAsForgotten: 0, crashes: 0 },
  };
  private plain = 0;

  constructor(
    seed: number,
    private readonly dies: boolean,
  ) {
    this.random = new SeededRandom(seed);
    this.network = new PlainNetwork(this.world, this.random, this.random.chance(0.3));
  }

  run(): RequestsReport {
    const { random, network } = this;
    for (let i = random.int(2, 5); i > 0; i--) this.begin();
    this.advance(10_000);
    for (let step = 0; step < 150; step++) {
      this.act();
      this.advance(random.between(0, 200));
    }
    network.changeWeather(CALM);
    network.merge();
    this.advance(PATIENCE_MS * (ATTEMPTS_MAX + 1) + 5_000);
    this.converge();
    for (const server of this.alive()) this.check(server);
    this.count();
    return this.report;
  }

  private act(): void {
    const { random, network } = this;
    const what = random.next();
    if (what < 0.5) this.beginRequest();
    else if (what < 0.65) this.insertPlainly();
    else if (what < 0.78) network.split(random.int(2, 3));
    else if (what < 0.88) network.merge();
    else if (what < 0.96) network.changeWeather(random.chance(0.4) ? CALM : randomWeather(random));
    else if (this.dies && this.alive().length > 1) {
      this.end(random.pick(this.alive()));
      this.begin();
    }
  }

  private begin(): void {
    const { world, random, network } = this;
    const time = new ServerTime(world, random.between(0.99, 1.01), random.between(-400, 400), nothing);
    const origin = random.name();
    const bus = network.open(origin, time);
    const options = { origin, address: '', bus, time, random, logger: SILENT };
    const engine = new FleetEngine({ ...options, tuning: { ...defaultTuning, presenceIntervalMs: 500 } });
    this.servers.push({ engine, bus, time, alive: true });
    time.turn(() => engine.start());
  }

  private end(server: Server): void {
    server.alive = false;
    server.time.end();
    this.network.detach(server.bus);
    this.report.crashes++;
  }

  private alive(): Server[] {
    return this.servers.filter(({ alive }) => alive);
  }

  private insertPlainly(): void {
    const server = this.random.pick(this.alive());
    server.time.turn(() => {
      if (server.engine.member.state === 'serving')
        server.engine.insert(this.random.pick(KEYS), `simples ${++this.plain}`);
    });
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
      written: 0,
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
      server.time.turn(() => {
        const given = this.serve(server, request, attempt);
        if (isLost) return;
        world.at(world.nowMs + random.between(1, 100), () =>
          settle(() => {
            if (given === undefined) this.ask(request);
            else {
              request.answer = { ...given, by: server, attempt: attempt.number };
              request.over = true;
            }
          }),
        );
      }),
    );
  }

  /** `undefined` if the server refuses, having done nothing. */
  private serve({ engine }: Server, request: Request, attempt: Attempt): Inserted | undefined {
    const before = engine.store.entriesOf(request.key);
    try {
      const { version, timestamp } = engine.insert(request.key, request.id, attempt);
      if (engine.store.entriesOf(request.key) > before) request.written++;
      return { version, timestamp };
    } catch (error) {
      if (!(error instanceof KvsError)) throw error;
      if (error.code === 'RESULTADO_DESCONHECIDO') this.report.refusedAsForgotten++;
      else if (!error.code.startsWith('SERVIDOR_')) throw error;
      return undefined;
    }
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

  private advance(byMs: number): void {
    const until = this.world.nowMs + byMs;
    while (this.world.step(until)) continue;
  }

  private converge(): void {
    const begunMs = this.world.nowMs;
    while (!this.isEven()) {
      if (this.world.nowMs - begunMs > CONVERGENCE_MS) throw new Violation('no convergence');
      this.advance(100);
    }
    // Whoever still finds what was written twice removes it.
    this.advance(6 * defaultTuning.requestUndoMs);
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

  private check({ engine }: Server): void {
    if (engine.member.repair.counters.transfers > 0) throw new Violation('a state was taken: ids got lost');
    const found = new Map<string, number[]>();
    for (const { entries } of engine.store.fragments()) {
      for (const { value, version } of entries) found.set(value, [...(found.get(value) ?? []), version]);
    }
    for (const { id, answer, over } of this.requests) {
      const versions = found.get(id) ?? [];
      const where = `${id} at ${engine.origin}: ${JSON.stringify(versions)}`;
      if (!over) throw new Violation(`${where}, not over`);
      if (versions.length > 1) throw new Violation(`${where}, written more than once`);
      // What was answered by a server that died before anyone heard of it is lost, as any write to it.
      if (!answer || !answer.by.alive) continue;
      if (versions[0] !== answer.version) {
        throw new Violation(`${where}, answered ${answer.version} to attempt ${answer.attempt}`);
      }
    }
  }

  private count(): void {
    const { report } = this;
    for (const { answer, written } of this.requests) {
      if (written > 1) report.doubled++;
      if (!answer) report.unknown++;
      else {
        report.answered++;
        if (answer.attempt > 1) report.late++;
      }
    }
  }
}
