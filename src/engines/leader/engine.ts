import { assertCommitFits } from '../../core/commit-size.js';
import { KvsError } from '../../core/errors.js';
import type { Mutation } from '../../core/mutation.js';
import { everyVersion, versionsOf } from '../../core/point-view.js';
import type { Store } from '../../core/store.js';
import { tellOf } from '../tell-changes.js';
import type { ChangeFeed, ChangeListener } from '../../ports/changes.js';
import { onlyHead } from '../../ports/engine.js';
import type {
  Awaitable,
  Capabilities,
  Commit,
  Engine,
  Head,
  Inserted,
  Put,
  RangeRow,
  Row,
  Stream,
} from '../../ports/engine.js';
import { LeaderGuarantees } from './guarantees.js';
import { assertServing } from './role.js';
import type { LeaderRole, RoleOptions } from './role.js';

/** In vector clocks: the leader, whoever that was, which puts all writes in one order. */
const ORIGIN = 'lider';

/**
 * The leader engine: writes in one order, acknowledged by every server; reads from this server's own memory.
 *
 * Reads are not linearizable: a follower may show a value before its writer was answered, and another one after.
 */
export class LeaderEngine implements Engine, ChangeFeed {
  readonly capabilities: Capabilities = {
    heads: false,
    linearizable: false,
    durable: false,
    commits: 'everywhere',
  };

  private listener: ChangeListener | undefined;

  readonly guarantees: LeaderGuarantees;

  constructor(
    private readonly store: Store,
    private readonly role: LeaderRole,
    options: Pick<RoleOptions, 'leader' | 'others' | 'time'>,
  ) {
    this.guarantees = new LeaderGuarantees(store, role, options);
  }

  async insert(key: string, value: string): Promise<Inserted> {
    const { row } = await this.role.perform({ kind: 'insert', key, value });
    return made(row);
  }

  async put(key: string, value: string): Promise<Put> {
    const { row, previous } = await this.role.perform({ kind: 'put', key, value });
    return { row: made(row), previous };
  }

  query(key: string, version: number | undefined): Awaitable<Row | undefined> {
    return this.read(key, () => this.store.get(key, version));
  }

  queryAt(key: string, timestamp: number | undefined): Awaitable<Row | undefined> {
    return this.read(key, () => this.store.getAt(key, timestamp));
  }

  async remove(key: string, version: number | undefined): Promise<void> {
    await this.role.perform({ kind: 'remove', key, version });
  }

  async removeAll(key: string): Promise<Row | undefined> {
    return (await this.role.perform({ kind: 'removeAll', key })).row;
  }

  async trim(key: string): Promise<Row | undefined> {
    return (await this.role.perform({ kind: 'trim', key })).row;
  }

  snapshot(version: number | undefined): Stream<Row> {
    return this.stream(() => this.store.values(version));
  }

  versions(key: string): Stream<Row> {
    return this.stream(() => versionsOf(this.store, key));
  }

  everything(): Stream<Row> {
    return this.stream(() => everyVersion(this.store));
  }

  range(from: string, to: string, timestamp: number | undefined): Stream<RangeRow> {
    return this.stream(() => this.store.range(from, to, timestamp));
  }

  async commit(change: Commit): Promise<boolean> {
    assertCommitFits(change);
    return this.role.commit(change);
  }

  /** Tells of every change that was made since this server has caught up, whoever asked for it, once it may be shown. */
  watch(listener: ChangeListener): void {
    this.listener = listener;
    this.store.observer = {
      applied: () => undefined,
      replaced: () => {
        listener.replaced();
      },
    };
  }

  /** A mutation of the leader's may be shown. */
  shown(mutation: Mutation): void {
    this.guarantees.advanced();
    if (this.listener === undefined || this.role.state !== 'serving') return;
    tellOf(mutation, this.store, this.listener);
  }

  heads(key: string): Awaitable<readonly Head[]> {
    const row = this.query(key, undefined);
    return row instanceof Promise ? row.then((found) => onlyHead(found, ORIGIN)) : onlyHead(row, ORIGIN);
  }

  /** A read that has to wait shows what was here when it was asked, and nothing newer: that is what it waited for. */
  private read(key: string, look: () => Row | undefined): Awaitable<Row | undefined> {
    assertServing(this.role.state);
    const row = look();
    const visible = this.role.visible(key);
    return visible === undefined ? row : visible.then(() => row);
  }

  /** What had not been shown to anyone when the walk began, it waits for. */
  private stream<T>(walk: () => Iterable<T | undefined>): Stream<T> {
    assertServing(this.role.state);
    const visible = this.role.visible(undefined);
    return visible === undefined ? this.walked(walk) : this.walkedAfter(visible, walk);
  }

  /** What is written while it lasts it may show at once: a session that goes on from it must not forget that. */
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

function made(row: Row | undefined): Row {
  if (row === undefined) throw new KvsError('INTERNO', 'o líder não disse que versão fez');
  return row;
}
