import { KvsError } from '../../src/core/errors.js';
import type { Origin, VectorEntries } from '../../src/core/dot.js';
import type { WatchEvent } from '../../src/ports/watch.js';
import { field } from './fields.js';
import { Violation } from './oracle.js';
import type { FleetChecker } from './sim-checkers.js';
import type { SeededRandom } from './sim-random.js';
import type { SimServer } from './sim-server.js';
import { promisesSettled } from './sim-time.js';
import type { WatchingCounts } from './sim-watching.js';
import { WatchChecker, type WatchedServer } from './watch-checker.js';

interface WatcherDeps {
  readonly fleet: FleetChecker;
  readonly keys: readonly string[];
  readonly name: string;
  readonly counts: WatchingCounts;
  readonly mayStartOver: boolean;
  /** Whether servers forget what removals removed before they forget the removals. */
  readonly forgetsRemovals: boolean;
}

/** A step of the watch that has come, and was not looked at yet. */
type Came = { readonly step: IteratorResult<WatchEvent | undefined> } | { readonly error: unknown };

/** Where a stream takes its events from. */
interface Source {
  take(): unknown;
}

/** A reader of watches: it connects to one server after the other, with the last token that it was given. */
export class SimWatcher {
  readonly name: string;
  private readonly checker: WatchChecker;
  private readonly interest: { readonly key?: string; readonly prefix?: string };
  private readonly from: 'now' | 'everything';
  private token: string | undefined;
  private server: SimServer | undefined;
  private last: SimServer | undefined;
  private iterator: AsyncIterator<WatchEvent | undefined> | undefined;
  private isPending = false;
  private came: Came | undefined;
  /** How the server was when it gave each event that was not looked at yet. */
  private given: WatchedServer[] = [];
  private hasHeard = false;
  private isUpToDate = false;

  constructor(
    random: SeededRandom,
    private readonly deps: WatcherDeps,
  ) {
    const { name, fleet, counts, mayStartOver } = deps;
    this.name = name;
    const key = random.pick(deps.keys);
    const interest = (this.interest = random.pick([{}, {}, { key }, { prefix: key.slice(0, 1) }]));
    this.from = random.pick(['now', 'everything'] as const);
    const concerns = (changed: string): boolean =>
      'key' in interest ? changed === interest.key : changed.startsWith(interest.prefix ?? '');
    this.checker = new WatchChecker(fleet.oracle, name, concerns, counts, mayStartOver);
  }

  get isConnected(): boolean {
    return this.server !== undefined;
  }

  /** Whether it waits for the first word of a server. */
  get isWaiting(): boolean {
    return this.isConnected && this.isPending && !this.hasHeard;
  }

  connect(server: SimServer): void {
    const { counts } = this.deps;
    const from = this.token === undefined ? this.from : { token: this.token };
    this.checker.begin(this.facts(server), this.token, this.from);
    server.time.turn(() => {
      // What was due in this turn came first, and may have ended the server's serving.
      if (server.engine.member.state !== 'serving') return;
      const rows = server.engine.scan({ kind: 'watch', ...this.interest, from }) as AsyncIterable<
        WatchEvent | undefined
      >;
      const iterator = (this.iterator = rows[Symbol.asyncIterator]());
      const source = field(iterator, 'source') as Source;
      const take = source.take.bind(source);
      source.take = () => {
        const event = take();
        if (typeof event === 'object' && this.iterator === iterator) this.given.push(this.facts(server));
        return event;
      };
    });
    // It ended in this very moment.
    if (this.iterator === undefined) return;
    if (this.last !== undefined && this.last !== server && this.token !== undefined) counts.moves++;
    this.server = this.last = server;
    this.hasHeard = false;
    this.isUpToDate = false;
    this.ask();
  }

  /** Goes, whatever is on its way. */
  leave(): void {
    if (this.server === undefined) return;
    this.deps.counts.ends++;
    void this.iterator?.return?.();
    this.forget();
  }

  /** The connection to a server that died is cut. */
  noteDead(): void {
    if (this.server && !this.server.alive) this.leave();
  }

  /** Takes what has come, and up to so many more events that are there. */
  async read(most: number): Promise<void> {
    await promisesSettled();
    for (let taken = 0; taken < most && this.server; taken++) {
      if (this.isPending) return;
      const came = this.came ?? (await this.asked());
      if (came === undefined) return;
      this.take(came);
    }
  }

  /** @returns whether it was told everything */
  async finish(server: SimServer): Promise<boolean> {
    if (!this.isConnected) this.connect(server);
    await this.read(1_000);
    if (!this.isConnected || !this.isPending || this.came || !this.isUpToDate) return false;
    this.checker.finish((this.server as SimServer).engine.store.vector.entries());
    return true;
  }

  /** Asks for the next step. @returns it, if it is there already */
  private async asked(): Promise<Came | undefined> {
    this.ask();
    await promisesSettled();
    return this.came;
  }

  private ask(): void {
    const { iterator } = this;
    if (iterator === undefined) throw new Violation(`${this.name} is connected to nobody`);
    this.isPending = true;
    const settle = (came: Came): void => {
      if (this.iterator !== iterator) return;
      this.isPending = false;
      this.came = came;
    };
    iterator.next().then(
      (step) => settle({ step }),
      (error: unknown) => settle({ error }),
    );
  }

  private take(came: Came): void {
    this.came = undefined;
    this.hasHeard = true;
    if ('error' in came) {
      this.noteError(came.error);
      return;
    }
    if (came.step.done === true) throw new Violation(`the watch of ${this.name} ended for no reason`);
    const event = came.step.value;
    if (event === undefined) return;
    const given = this.given.shift();
    if (given === undefined) throw new Violation(`nobody gave ${this.name} ${event.kind}`);
    this.checker.take(event, given);
    if (event.token !== undefined) this.token = event.token;
    if (event.kind === 'upToDate') this.isUpToDate = true;
    if (event.kind === 'restart') this.isUpToDate = false;
  }

  private noteError(error: unknown): void {
    const { counts } = this.deps;
    if (!(error instanceof KvsError)) throw error;
    if (error.code === 'LEITOR_LENTO') {
      counts.slow++;
      this.checker.endedAsSlow(this.facts(this.server as SimServer));
    }
    if (error.code === 'SESSAO_ADIANTE') counts.ahead++;
    if (!['LEITOR_LENTO', 'SESSAO_ADIANTE', 'SERVIDOR_SAINDO'].includes(error.code))
      throw new Violation(`the watch of ${this.name} ended with ${error.code}: ${error.message}`);
    counts.ends++;
    this.forget();
  }

  private facts(server: SimServer): WatchedServer {
    return serverFacts(server, this.deps.forgetsRemovals);
  }

  private forget(): void {
    this.server = undefined;
    this.iterator = undefined;
    this.came = undefined;
    this.given = [];
    this.isPending = false;
  }
}

/** An item of the log of a server. */
interface Logged {
  readonly origin: Origin;
  readonly from: number;
}

/** How a server is now, for the checker; its log is looked at from outside. */
function serverFacts({ engine }: SimServer, forgetsRemovals: boolean): WatchedServer {
  const { store, member, origin } = engine;
  const log = member.log as object;
  const base = field(log, 'base') as number;
  const afterHole = field(log, 'afterHole') as number;
  const oldest = field(log, 'oldest') as number;
  const past = field(field(engine, 'watches') as object, 'past') as object;
  const first = forgetsRemovals ? (field(past, 'first') as number) : 0;
  const items = (field(log, 'items') as (Logged | null)[]).slice(
    Math.max(oldest, afterHole - base, first - base),
  );
  const firsts = new Map<Origin, number>();
  for (const item of items) if (item && !firsts.has(item.origin)) firsts.set(item.origin, item.from);
  const { opened } = member.outbox;
  if (opened && !firsts.has(origin)) firsts.set(origin, opened.first);
  const vector = store.vector.entries();
  const untold = vector.map(([name, seq]) => [name, (firsts.get(name) ?? seq + 1) - 1] as const);
  return { ...{ origin, vector, joins: afterHole, nowMs: store.clock.nowMs() }, untold: keptOf(untold) };
}

function keptOf(entries: VectorEntries): VectorEntries {
  return entries.filter(([, seq]) => seq > 0);
}
