import { KvsError } from '../../src/core/errors.js';
import type { Mutation } from '../../src/core/mutation.js';
import { FleetEngine } from '../../src/engines/fleet/engine.js';
import type { UpkeepDeps } from '../../src/engines/fleet/floor-keeper.js';
import type { FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { vectorText, Violation, type Oracle } from './oracle.js';
import { effectsOf, guardsHold } from './sim-commits.js';
import { SimDurable } from './sim-durable.js';
import type { DiskFate, SimDisk } from './sim-journal.js';
import { field } from './fields.js';
import { ServerChecker, type FleetChecker } from './sim-checkers.js';
import type { SimConnected, SimNetwork } from './sim-network.js';
import { ServerTime } from './sim-time.js';
import { SILENT } from './silent-logger.js';
import { verbs, type CommitBody } from './verbs.js';

/** One incarnation of a simulated server, with its clock, its connection and its checker. */
export class SimServer {
  readonly engine: FleetEngine;
  readonly time: ServerTime;
  readonly bus: SimConnected;
  private readonly checker: ServerChecker;
  /** Where it has a journal. */
  private readonly durable: SimDurable | undefined;
  alive = true;
  stopping = false;
  /** Left after a serving peer had announced that it has everything. */
  handedOver = false;
  /** Writes that it refused because of its clock. */
  refusedForClock = 0;

  constructor(
    private readonly network: SimNetwork,
    tuning: FleetTuning,
    private readonly fleet: FleetChecker,
    readonly disk?: SimDisk,
    fate?: DiskFate,
  ) {
    const { world, random } = network;
    const origin = random.name();
    this.time = new ServerTime(world, random.between(0.97, 1.03), random.between(-5_000, 5_000), () =>
      this.checker.check(random.chance(0.02)),
    );
    this.bus = network.open(origin, this.time);
    const options = {
      origin,
      address: '',
      bus: this.bus,
      time: this.time,
      random,
      logger: SILENT,
      tuning,
      onAlarm: (alarmed: boolean) => {
        if (alarmed) throw new Violation(`${origin} raised the alarm of the self-check`);
      },
    };
    this.durable = disk && fate && new SimDurable(options, disk, fate, this.time, fleet);
    this.engine = this.durable?.durable.fleet ?? new FleetEngine(options);
    this.checker = new ServerChecker(this.engine, tuning, fleet);
    if (!this.durable) this.recordAccepted();
    if (!this.durable) this.time.turn(() => this.engine.start());
  }

  /** Takes up what is on its disk, and joins the fleet. */
  async load(): Promise<void> {
    if (!this.durable) return;
    const { durable } = this.durable;
    await durable.load();
    const { vector } = this.engine.store;
    for (const origin of this.disk?.own ?? [])
      this.fleet.assertWhole(this.origin, origin, vector.seqOf(origin));
    this.disk?.own.add(this.origin);
    this.check();
    this.time.turn(() => durable.start());
  }

  /** The greatest seq of its own that a client was told of, if that is a promise. */
  get acknowledged(): number {
    return this.durable?.acknowledged ?? 0;
  }

  get origin(): string {
    return this.engine.origin;
  }

  /** State transfers that were joined. */
  get joined(): number {
    const { transfers, transfersDiscarded } = this.engine.member.repair.counters;
    return transfers - transfersDiscarded - (this.isStaging ? 1 : 0);
  }

  /** Whether all that was written here is done and on its disk, if it has one. */
  get isSettled(): boolean {
    return this.durable?.durable.journalWriter.isIdle ?? true;
  }

  get isStaging(): boolean {
    return Reflect.get(this.engine.member.repair, 'transfer') !== undefined;
  }

  /** How far it is, for people. */
  toString(): string {
    const { engine } = this;
    const doing = [this.isStaging && 'staging', engine.member.receiver.isWaiting && 'holding'].filter(
      Boolean,
    );
    return [engine.origin, engine.member.state, ...doing, vectorText(engine.store.vector.entries())].join(
      ' ',
    );
  }

  /** Gone, with its memory. */
  crash(): void {
    this.alive = false;
    this.durable?.journal.crash();
    this.time.end();
    this.network.detach(this.bus);
  }

  /** Takes leave in order. */
  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    if (!this.durable) this.leave();
    else void this.durable.durable.journalWriter.settled().then(() => this.leave());
  }

  private leave(): void {
    this.time.turn(() => {
      void this.engine.stop().then((handedOver) => {
        this.handedOver = handedOver;
        this.crash();
      });
    });
  }

  /** Checks everything now. */
  check(): void {
    this.checker.check(true);
  }

  insert(key: string, value: string, ttlMs?: number): void {
    const write = { kind: 'insert', key, value, ttlMs } as const;
    if (this.durable) this.durable.insert(write);
    // Perhaps it has heard of no peer yet, or of one of which it does not know what it understands.
    else this.attempt(undefined, () => void this.engine.write(write));
  }

  /** Carries out what the engine's upkeep might. */
  step(plan: () => readonly Mutation[]): void {
    const { step } = field(field(this.engine, 'sweeper') as object, 'deps') as UpkeepDeps;
    try {
      const done = step(plan);
      if (done instanceof Promise) done.catch((error: unknown) => this.assertRefusal(error));
    } catch (error) {
      this.assertRefusal(error);
    }
  }

  private assertRefusal(error: unknown): void {
    if (error instanceof KvsError && /^(SERVIDOR|RELOGIO|DISCO|LIMITE)_/.test(error.code)) return;
    this.time.fail(error instanceof Error ? error : new Error(String(error)));
  }

  remove(key: string, version: number | undefined): void {
    if (this.durable) {
      this.durable.remove(key, version);
      return;
    }
    const before = this.engine.store.vector.entries();
    const nowMs = this.engine.store.clock.nowMs();
    const missing = this.oracle.targets(before, key, 'all', nowMs).length === 0;
    const none = this.oracle.targets(before, key, version ?? 'all', nowMs).length === 0;
    this.attempt(missing ? 'CHAVE_INEXISTENTE' : none ? 'VERSAO_INEXISTENTE' : undefined, () =>
      verbs(this.engine).remove(key, version),
    );
  }

  commit(change: CommitBody): void {
    if (this.durable) {
      this.durable.commit(change);
      return;
    }
    const before = this.engine.store.vector.entries();
    this.attempt(undefined, () => {
      const nowMs = this.engine.store.clock.nowMs();
      const due = guardsHold(this.oracle, before, change, nowMs);
      const first = this.engine.store.vector.seqOf(this.origin) + 1;
      const effects = due ? effectsOf(this.oracle, before, change, nowMs).length : 0;
      if (verbs(this.engine).commit(change) !== due)
        throw new Violation(`${this.origin} answers a commit with ${!due}`);
      const last = this.engine.store.vector.seqOf(this.origin);
      if (last !== first + effects - 1)
        throw new Violation(`${this.origin} did ${last - first + 1} of ${effects}`);
      this.fleet.noteStep(this.origin, first, last);
    });
  }

  query(key: string, version: number | undefined): void {
    this.attempt(undefined, () => {
      const row = verbs(this.engine).query(key, version);
      const { store } = this.engine;
      const expected = this.oracle.query(store.vector.entries(), key, version, store.clock.nowMs());
      if (row?.value !== expected?.value || row?.version !== expected?.version) {
        throw new Violation(
          `${this.origin} answers ${key}@${version ?? 'latest'} with ${JSON.stringify(row)}`,
        );
      }
    });
  }

  /** What a server without a journal accepts is history, whoever asked for it. */
  private recordAccepted(): void {
    const { engine, time, fleet } = this;
    const accept = engine.accept.bind(engine);
    engine.accept = (mutation) => {
      const before = engine.store.vector.entries();
      const at = { wallMs: time.wallMs(), fleetMs: engine.store.clock.nowMs() };
      accept(mutation);
      fleet.record(this.origin, before, mutation, at);
    };
  }

  private get oracle(): Oracle {
    return this.fleet.oracle;
  }

  /** Only a server that serves answers; one whose clock is ahead may refuse to write. */
  private attempt(expected: string | undefined, call: () => void): void {
    const { state } = this.engine.member;
    let refused: string | undefined;
    try {
      call();
    } catch (error) {
      if (!(error instanceof KvsError)) throw error;
      refused = error.code;
    }
    if (state === 'serving' && refused === 'RELOGIO_ADIANTADO') {
      this.refusedForClock++;
      return;
    }
    const due =
      state === 'serving' ? expected : state === 'joining' ? 'SERVIDOR_ENTRANDO' : 'SERVIDOR_SAINDO';
    if (refused !== due) {
      throw new Violation(
        `${this.origin}, ${state}, refused with ${refused ?? 'nothing'} instead of ${due ?? 'nothing'}`,
      );
    }
  }
}
