import { assertCommitFits } from '../../core/commit-size.js';
import type { Origin } from '../../core/dot.js';
import { keysBeyond } from '../../core/oldest-rows.js';
import type { RetentionBound } from '../../core/retention.js';
import type { BeyondPage, BoundOf, Retains, WalkPlace } from '../../ports/retention.js';
import type { Store } from '../../core/store.js';
import { tellOf } from '../tell-changes.js';
import type { HasCapacity, Usage } from '../../ports/capacity.js';
import type { ChangeFeed, ChangeListener } from '../../ports/changes.js';
import { assertOffered } from '../plan.js';
import { readLine, scanStore } from '../store-scan.js';
import { onlyHead } from '../only-head.js';
import type {
  Answers,
  Awaitable,
  Capabilities,
  Engine,
  OfKind,
  Query,
  Rows,
  Scan,
  Stream,
  Write,
} from '../../ports/engine.js';
import { LeaderGuarantees } from './guarantees.js';
import { leaderLimits } from './limits.js';
import { RecentOrder } from './watching/recent-order.js';
import { LeaderWatches } from './watching/watches.js';
import { assertServing } from './role.js';
import type { LeaderRole, RoleOptions } from './role.js';

/** Origin in vector clocks: the leader, whichever server it was, which puts all writes in one order. */
const ORIGIN = 'lider';

/**
 * The leader engine: writes in one order, acknowledged by every server; reads from this server's own memory.
 *
 * Reads are not linearizable: a follower may show a value before its writer was answered, and another one after.
 */
export class LeaderEngine implements Engine, ChangeFeed, HasCapacity, Retains {
  readonly capabilities: Capabilities = {
    heads: false,
    linearizable: false,
    durable: false,
    commits: 'everywhere',
    compares: true,
    everything: true,
    restores: false,
    expires: true,
    watches: true,
  };

  private readonly listeners: ChangeListener[] = [];
  /** The last mutations, in their order. */
  private readonly order = new RecentOrder(leaderLimits);
  readonly watches: LeaderWatches;

  readonly guarantees: LeaderGuarantees;

  constructor(
    private readonly store: Store,
    private readonly role: LeaderRole,
    private readonly options: Pick<RoleOptions, 'leader' | 'others' | 'time' | 'random' | 'room'>,
  ) {
    this.guarantees = new LeaderGuarantees(store, role, options);
    const { time, random } = options;
    const { system } = this.guarantees;
    const { order } = this;
    this.watches = new LeaderWatches({ system, store, order, role, time, random });
    store.observer = {
      applied: (mutation, origin, seq, removed) => {
        order.applied({ mutation, origin, seq, removed });
      },
      replaced: () => {
        // One dot implies all others: see `frontierOf`.
        const [last, ...others] = role.seen();
        const isLast = last !== undefined && others.length === 0;
        order.replaced(store.vector, isLast ? { origin: last[0], seq: last[1] } : undefined);
        this.watches.replaced();
        for (const listener of this.listeners) listener.replaced();
      },
    };
  }

  read<K extends Query['kind']>(query: OfKind<Query, K>): Awaitable<Answers[K]>;
  read(query: Query): Awaitable<Answers[Query['kind']]> {
    assertServing(this.role.state);
    // A read that has to wait shows what was here when it was asked, and nothing newer: only that is waited for.
    const answer = this.look(query);
    const visible = this.role.visible(query.key);
    return visible === undefined ? answer : visible.then(() => answer);
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Promise<Answers[K]>;
  async write(write: Write): Promise<Answers[Write['kind']]> {
    assertOffered(this.capabilities, write);
    if (write.kind === 'commit') assertCommitFits(write);
    // This engine does not remember requests, so it cannot recognize a repeated one.
    return this.role.write('attempt' in write ? { ...write, attempt: undefined } : write);
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
  scan(scan: Scan): Stream<Rows[Scan['kind']]> {
    assertServing(this.role.state);
    if (scan.kind === 'watch') return this.watches.begin(scan);
    const walk = (): Iterable<Rows[Scan['kind']] | undefined> => scanStore(this.store, scan, this.isStable);
    // The walk waits for everything not yet visible when it began.
    const visible = this.role.visible(undefined);
    return visible === undefined ? this.walked(walk) : this.walkedAfter(visible, walk);
  }

  keepsRetention(): boolean {
    return this.role.leads;
  }

  beyondFrom(from: WalkPlace | undefined, boundOf: BoundOf): BeyondPage {
    const { keySpace } = this.store;
    return keysBeyond(keySpace, typeof from === 'number' ? from : 0, boundOf, this.options.time.wallMs());
  }

  retain(key: string, bound: RetentionBound, most: number): Promise<number> {
    return this.role.retain(key, bound, most);
  }

  capacity(): readonly Usage[] {
    return this.options.room.usage(this.store);
  }

  /** Reports every change since this server caught up, whoever made it, once it may be shown. */
  watch(listener: ChangeListener): void {
    this.listeners.push(listener);
  }

  /** Called when the next mutation applied may be shown. */
  shown(): void {
    const applied = this.order.show();
    this.guarantees.advanced();
    this.watches.shown(applied, this.order.end - 1);
    if (this.role.state !== 'serving') return;
    for (const listener of this.listeners) tellOf(applied.mutation, this.store, listener);
  }

  /** Ends all watches: the server stops. */
  endWatches(): void {
    this.watches.stop();
  }

  private readonly isStable = (origin: Origin, seq: number): boolean => this.role.allHold(origin, seq);

  private look(query: Query): Answers[Query['kind']] {
    switch (query.kind) {
      case 'version':
        return this.store.get(query.key, query.version);
      case 'instant':
        return this.store.getAt(query.key, query.timestamp);
      case 'heads':
        return onlyHead(this.store.get(query.key), ORIGIN);
      case 'line':
        return readLine(this.store, query, this.isStable);
    }
  }

  /**
   * A walk may show writes made while it runs, before they are visible: a session that continues from it must include
   * them.
   */
  private *walked<T>(walk: () => Iterable<T | undefined>): Iterable<T | undefined> {
    try {
      yield* walk();
    } finally {
      this.role.showsAll();
    }
  }

  private async *walkedAfter<T>(
    visible: Promise<void>,
    walk: () => Iterable<T | undefined>,
  ): AsyncIterable<T | undefined> {
    await visible;
    yield* this.walked(walk);
  }
}
