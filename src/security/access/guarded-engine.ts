import type { Attempt } from '../../core/attempt.js';
import { KvsError } from '../../core/errors.js';
import { permits } from '../../ports/access.js';
import type { Identity, Permission, PermittedEngine, AccessRefusal } from '../../ports/access.js';
import type {
  Awaitable,
  Capabilities,
  Commit,
  Engine,
  Head,
  Inserted,
  Put,
  RangeRow,
  Restored,
  Row,
  Stream,
} from '../../ports/engine.js';
import { notAuthenticated } from './refusals.js';

/** Told of every refusal, before it is thrown. */
export type OnRefused = (reason: AccessRefusal, identity: Identity) => void;

/** The store as each identity may use it, made once for each. */
export function guardEngine(engine: Engine, onRefused: OnRefused): (identity: Identity) => PermittedEngine {
  const made = new WeakMap<Identity, PermittedEngine>();
  return (identity) => {
    const known = made.get(identity);
    if (known !== undefined) return known;
    const guarded = new GuardedEngine(engine, identity, onRefused);
    made.set(identity, guarded);
    return guarded;
  };
}

/** Rows that are passed over before others get their turn. */
const ROWS_PER_TURN = 256;

/**
 * A store as one caller may use it. What names a key outside is refused before the store is asked, so that the refusal
 * says nothing about what is there; what walks over all keys shows those that the caller may read. Asked again at every
 * call and every row: a credential that is revoked meanwhile ends what it had begun.
 */
class GuardedEngine implements PermittedEngine {
  readonly capabilities: Capabilities;
  /** There only where the store has them. */
  readonly everything?: () => Stream<Row>;
  readonly restore?: (row: Row) => Awaitable<Restored>;

  constructor(
    private readonly engine: Engine,
    private readonly identity: Identity,
    private readonly onRefused: OnRefused,
  ) {
    this.capabilities = engine.capabilities;
    if (engine.everything) {
      this.everything = () => this.permitted(engine.everything?.() ?? []);
    }
    if (engine.restore) {
      this.restore = (row) => {
        this.assertMay('write', row.key);
        return engine.restore?.(row) ?? Promise.reject(new Error('no restore'));
      };
    }
  }

  assertMay(permission: Permission, prefix: string): void {
    const { identity } = this;
    this.assertValid();
    if (permits(identity, permission, prefix)) return;
    this.onRefused('NAO_AUTORIZADO', identity);
    throw new KvsError(
      'NAO_AUTORIZADO',
      `a credencial ${identity.name}, de papel ${identity.role}, não pode ${VERBS[permission]} nesta chave`,
    );
  }

  assertValid(): void {
    if (this.identity.valid) return;
    this.onRefused('NAO_AUTENTICADO', this.identity);
    throw notAuthenticated();
  }

  insert(key: string, value: string, attempt?: Attempt): Awaitable<Inserted> {
    this.assertMay('write', key);
    return this.engine.insert(key, value, attempt);
  }

  put(key: string, value: string, attempt?: Attempt): Awaitable<Put> {
    this.assertMay('write', key);
    return this.engine.put(key, value, attempt);
  }

  query(key: string, version: number | undefined): Awaitable<Row | undefined> {
    this.assertMay('read', key);
    return this.engine.query(key, version);
  }

  queryAt(key: string, timestamp: number | undefined): Awaitable<Row | undefined> {
    this.assertMay('read', key);
    return this.engine.queryAt(key, timestamp);
  }

  remove(key: string, version: number | undefined): Awaitable<void> {
    this.assertMay('write', key);
    return this.engine.remove(key, version);
  }

  removeAll(key: string): Awaitable<Row | undefined> {
    this.assertMay('write', key);
    return this.engine.removeAll(key);
  }

  trim(key: string): Awaitable<Row | undefined> {
    this.assertMay('write', key);
    return this.engine.trim(key);
  }

  commit(change: Commit): Awaitable<boolean> {
    for (const { key } of change.guards) this.assertMay('read', key);
    for (const { key } of change.writes) this.assertMay('write', key);
    return this.engine.commit(change);
  }

  snapshot(version: number | undefined): Stream<Row> {
    return this.permitted(this.engine.snapshot(version));
  }

  /** Both ends must be covered by one prefix: then everything between them is, in the order of code points. */
  range(from: string, to: string, timestamp: number | undefined): Stream<RangeRow> {
    this.assertMay('read', commonPrefix(from, to));
    return this.watched(this.engine.range(from, to, timestamp), () => true);
  }

  versions(key: string): Stream<Row> {
    this.assertMay('read', key);
    return this.watched(this.engine.versions(key), () => true);
  }

  heads(key: string): Awaitable<readonly Head[]> {
    this.assertMay('read', key);
    return this.engine.heads(key);
  }

  private permitted(rows: Stream<Row>): Stream<Row> {
    const { identity } = this;
    this.assertValid();
    if (identity.role === 'servidor') this.assertMay('read', '');
    return this.watched(rows, ({ key }) => permits(identity, 'read', key));
  }

  private watched<T>(rows: Stream<T>, shows: (row: T) => boolean): Stream<T> {
    const assertValid = (): void => this.assertValid();
    return Symbol.asyncIterator in rows
      ? watchedLater(rows, assertValid, shows)
      : watchedNow(rows, assertValid, shows);
  }
}

const VERBS: Readonly<Record<Permission, string>> = {
  read: 'ler',
  write: 'escrever',
  administer: 'administrar',
};

/** What two keys begin with, and with it all keys between them. Cut between code points, as their order is. */
function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && length < b.length && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  const last = a.charCodeAt(length - 1);
  return a.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length);
}

function* watchedNow<T>(
  rows: Iterable<T | undefined>,
  assertValid: () => void,
  shows: (row: T) => boolean,
): Iterable<T | undefined> {
  let passed = 0;
  for (const row of rows) {
    assertValid();
    if (row === undefined || shows(row)) yield row;
    else if (++passed % ROWS_PER_TURN === 0) yield undefined;
  }
}

async function* watchedLater<T>(
  rows: AsyncIterable<T | undefined>,
  assertValid: () => void,
  shows: (row: T) => boolean,
): AsyncIterable<T | undefined> {
  let passed = 0;
  for await (const row of rows) {
    assertValid();
    if (row === undefined || shows(row)) yield row;
    else if (++passed % ROWS_PER_TURN === 0) yield undefined;
  }
}
