import { assertCommitFits } from '../../core/commit-size.js';
import { KvsError } from '../../core/errors.js';
import type { Mutation } from '../../core/mutation.js';
import { everyVersion, versionsOf } from '../../core/point-view.js';
import type { Store } from '../../core/store.js';
import { tellOf } from '../tell-changes.js';
import type { ChangeFeed, ChangeListener } from '../../ports/changes.js';
import { onlyHead } from '../../ports/engine.js';
import type {
  Answers,
  Awaitable,
  Capabilities,
  Commit,
  Engine,
  Head,
  OfKind,
  Query,
  RangeRow,
  Row,
  Rows,
  Scan,
  Stream,
  Write,
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
    everything: true,
    restores: false,
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

  read<K extends Query['kind']>(query: OfKind<Query, K>): Awaitable<Answers[K]>;
  read(query: Query): Awaitable<Answers[Query['kind']]> {
    switch (query.kind) {
      case 'version':
        return this.query(query.key, query.version);
      case 'instant':
        return this.queryAt(query.key, query.timestamp);
      case 'heads':
        return this.heads(query.key);
    }
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Promise<Answers[K]>;
  write(write: Write): Promise<Answers[Write['kind']]> {
    switch (write.kind) {
      case 'insert':
        return this.insert(write.key, write.value);
      case 'put':
        return this.put(write.key, write.value);
      case 'remove':
        return this.remove(write.key, write.version);
      case 'removeAll':
        return this.removeAll(write.key);
      case 'trim':
        return this.trim(write.key);
      case 'restore':
        throw new KvsError('NAO_SUPORTADO', 'este motor não guarda versões de outros sob o número delas');
      case 'commit':
        return this.commit(write);
    }
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
  scan(scan: Scan): Stream<Rows[Scan['kind']]> {
    switch (scan.kind) {
      case 'snapshot':
        return this.snapshot(scan.version);
      case 'range':
        return this.range(scan.from, scan.to, scan.timestamp);
      case 'history':
        return this.versions(scan.key);
      case 'everything':
        return this.everything();
    }
  }

  private async insert(key: string, value: string): Promise<Answers['insert']> {
    const { row } = await this.role.perform({ kind: 'insert', key, value });
    return made(row);
  }

  private async put(key: string, value: string): Promise<Answers['put']> {
    const { row, previous } = await this.role.perform({ kind: 'put', key, value });
    return { row: made(row), previous };
  }

  private query(key: string, version: number | undefined): Awaitable<Row | undefined> {
    return this.look(key, () => this.store.get(key, version));
  }

  private queryAt(key: string, timestamp: number | undefined): Awaitable<Row | undefined> {
    return this.look(key, () => this.store.getAt(key, timestamp));
  }

  private async remove(key: string, version: number | undefined): Promise<undefined> {
    await this.role.perform({ kind: 'remove', key, version });
    return undefined;
  }

  private async removeAll(key: string): Promise<Row | undefined> {
    return (await this.role.perform({ kind: 'removeAll', key })).row;
  }

  private async trim(key: string): Promise<Row | undefined> {
    return (await this.role.perform({ kind: 'trim', key })).row;
  }

  private snapshot(version: number | undefined): Stream<Row> {
    return this.stream(() => this.store.values(version));
  }

  private versions(key: string): Stream<Row> {
    return this.stream(() => versionsOf(this.store, key));
  }

  private everything(): Stream<Row> {
    return this.stream(() => everyVersion(this.store));
  }

  private range(from: string, to: string, timestamp: number | undefined): Stream<RangeRow> {
    return this.stream(() => this.store.range(from, to, timestamp));
  }

  private async commit(change: Commit): Promise<boolean> {
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

  private heads(key: string): Awaitable<readonly Head[]> {
    const row = this.query(key, undefined);
    return row instanceof Promise ? row.then((found) => onlyHead(found, ORIGIN)) : onlyHead(row, ORIGIN);
  }

  /** A read that has to wait shows what was here when it was asked, and nothing newer: that is what it waited for. */
  private look(key: string, found: () => Row | undefined): Awaitable<Row | undefined> {
    assertServing(this.role.state);
    const row = found();
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
