import type { VectorEntries } from '../../src/core/dot.js';
import { KvsError } from '../../src/core/errors.js';
import type { SeededRandom } from './sim-random.js';
import type { SimServer } from './sim-server.js';
import { Violation } from './oracle.js';
import { isExpired, lastOf } from './oracle-view.js';
import type { FleetChecker } from './sim-checkers.js';

/** What sessions of a run went through. */
export interface SessionCounts {
  /** Answers of a server to a session that another server had answered before. */
  moved: number;
  /** Of these, those that had to wait for the server. */
  waited: number;
  refused: number;
}

const WAIT_MS = 1_500;

/**
 * A simulated client that carries a token from server to server. What a server answers is a function of its vector (the checkers see to
 * that), so the session guarantees are these: each server that answers has applied everything that the one before had when it answered.
 * That is more than its own writes, and more than it has read.
 */
export class SimSession {
  private token: string | undefined;
  private seen: VectorEntries = [];
  /** Entries that it has found expired. */
  private readonly gone = new Set<string>();
  private last: SimServer | undefined;
  private waiting = false;
  /** What a promise found, for whoever runs the world. */
  violation: Error | undefined;

  /** @param waits whether servers are asked to wait for the token; otherwise the checks must fail */
  constructor(
    private readonly random: SeededRandom,
    private readonly fleet: FleetChecker,
    private readonly counts: SessionCounts,
    private readonly waits: boolean,
  ) {}

  get isWaiting(): boolean {
    return this.waiting;
  }

  /** Calls a server, unless it is still waiting for the last one's answer. */
  visit(server: SimServer): void {
    if (this.waiting || server.engine.member.state !== 'serving') return;
    const reached = this.waits ? server.engine.guarantees.reach(this.token, WAIT_MS) : undefined;
    if (!(reached instanceof Promise)) {
      this.answered(server);
      return;
    }
    this.waiting = true;
    void reached
      .then(
        () => {
          this.counts.waited++;
          if (server.alive && server.engine.member.state === 'serving') this.answered(server);
        },
        (error: unknown) => {
          if (!(error instanceof KvsError) || error.code !== 'SESSAO_ADIANTE') throw error;
          this.counts.refused++;
          // Perhaps nobody has it any more.
          if (this.random.chance(0.2)) this.begin();
        },
      )
      .catch((error: unknown) => {
        this.violation ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        this.waiting = false;
      });
  }

  private begin(): void {
    this.token = undefined;
    this.seen = [];
    this.gone.clear();
    this.last = undefined;
  }

  private answered(server: SimServer): void {
    const { store, guarantees, origin } = server.engine;
    const lacked = this.seen.find(([known, seq]) => store.vector.seqOf(known) < seq);
    if (lacked) {
      throw new Violation(
        `${origin} answers a session with ${String(this.token)} although it lacks ${lacked[0]}:${lacked[1]}`,
      );
    }
    if (this.last !== undefined && this.last !== server) this.counts.moved++;
    this.last = server;
    this.seen = store.vector.entries();
    this.look(origin, store.clock.nowMs());
    this.token = guarantees.session();
  }

  /** What it has found expired it never sees again as a latest value, wherever it reads. */
  private look(origin: string, nowMs: number): void {
    if (!this.waits) return;
    const before = this.gone.size;
    for (const [key, { entries }] of this.fleet.oracle.stateAt(this.seen).keys) {
      const latest = lastOf(entries, nowMs);
      if (latest && this.gone.has(`${latest.origin}:${latest.seq}`))
        throw new Violation(`${origin} shows ${latest.origin}:${latest.seq} of ${key} to who saw it expired`);
      for (const entry of entries) if (isExpired(entry, nowMs)) this.gone.add(`${entry.origin}:${entry.seq}`);
    }
    this.fleet.life.seenExpired += this.gone.size - before;
  }
}
