import { KvsError } from '../../core/errors.js';
import { permits } from '../../ports/access.js';
import type { Identity, Permission, PermittedEngine, AccessRefusal } from '../../ports/access.js';
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
import { notAuthenticated } from './refusals.js';

/** Called with every refusal, before it is thrown. */
type OnRefused = (reason: AccessRefusal, identity: Identity) => void;

/** Returns the store as an identity may use it, made once for each. */
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

/** Rows that are skipped before other calls get their turn. */
const ROWS_PER_TURN = 256;

/**
 * A store as one caller may use it. An operation on a forbidden key is refused before the store is asked, so that the
 * refusal reveals nothing about its content. A scan of all keys shows only those that the caller may read. Permission
 * is checked again at every call and every row, so a revoked credential also ends what it had begun.
 */
class GuardedEngine implements PermittedEngine {
  readonly capabilities: Capabilities;

  constructor(
    private readonly engine: Engine,
    private readonly identity: Identity,
    private readonly onRefused: OnRefused,
  ) {
    this.capabilities = engine.capabilities;
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

  read<K extends Query['kind']>(query: OfKind<Query, K>): Awaitable<Answers[K]> {
    this.assertMayRead(query);
    return this.engine.read<K>(query);
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Awaitable<Answers[K]> {
    this.assertMayWrite(write);
    return this.engine.write<K>(write);
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]> {
    const shows = this.shownBy(scan);
    return this.watched(this.engine.scan<K>(scan), shows);
  }

  // Every kind is listed, even if several are alike, so that what a new one may show or change is an explicit decision.

  private assertMayRead(query: Query): void {
    switch (query.kind) {
      case 'version':
      case 'instant':
      case 'heads':
        this.assertMay('read', query.key);
        return;
      default:
        throw unguarded(query);
    }
  }

  private assertMayWrite(write: Write): void {
    switch (write.kind) {
      case 'insert':
      case 'put':
      case 'remove':
      case 'removeAll':
      case 'trim':
      case 'restore':
        this.assertMay('write', write.key);
        return;
      case 'commit':
        for (const { key } of write.guards) this.assertMay('read', key);
        for (const { key } of write.writes) this.assertMay('write', key);
        return;
      default:
        throw unguarded(write);
    }
  }

  /** The filter for the rows of a scan; scans of named keys are refused here. */
  private shownBy(scan: Scan): (row: { readonly key: string }) => boolean {
    const { identity } = this;
    switch (scan.kind) {
      case 'history':
        this.assertMay('read', scan.key);
        return every;
      case 'range':
        // One prefix must cover both ends: then it covers everything between them, in code point order.
        this.assertMay('read', commonPrefix(scan.from, scan.to));
        return every;
      case 'snapshot':
      case 'everything':
        this.assertValid();
        if (identity.role === 'servidor') this.assertMay('read', '');
        return ({ key }) => permits(identity, 'read', key);
      default:
        throw unguarded(scan);
    }
  }

  private watched<T>(rows: Stream<T>, shows: (row: T) => boolean): Stream<T> {
    const assertValid = (): void => this.assertValid();
    return Symbol.asyncIterator in rows
      ? watchedLater(rows, assertValid, shows)
      : watchedNow(rows, assertValid, shows);
  }
}

const every = (): boolean => true;

/** For a kind that has no rule here; the compiler finds it first. */
function unguarded(call: never): Error {
  return new Error(`nobody has said who may ask for ${(call as { readonly kind: string }).kind}`);
}

const VERBS: Readonly<Record<Permission, string>> = {
  read: 'ler',
  write: 'escrever',
  administer: 'administrar',
};

/** The common prefix of two keys, and so of all keys between them. Cut between code points, as keys are ordered. */
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
