import { KvsError } from '../../core/errors.js';
import { permits } from '../../ports/access.js';
import type { Identity, Permission, PermittedEngine, AccessRefusal, Reach } from '../../ports/access.js';
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
import type { KeyRange } from '../../ports/lines.js';
import type { OpenWatches } from './open-watches.js';
import { notAuthenticated } from './refusals.js';

/** Called with every refusal, before it is thrown. */
export type OnRefused = (reason: AccessRefusal, identity: Identity) => void;

/**
 * Returns the store as an identity may use it, made once for each.
 * @param watches of all callers
 */
export function guardEngine(
  engine: Engine,
  onRefused: OnRefused,
  watches: OpenWatches,
): (identity: Identity) => PermittedEngine {
  const made = new WeakMap<Identity, PermittedEngine>();
  return (identity) => {
    const known = made.get(identity);
    if (known !== undefined) return known;
    const guarded = new GuardedEngine(engine, identity, onRefused, watches);
    made.set(identity, guarded);
    return guarded;
  };
}

/** Rows that are skipped before other calls get their turn. */
const ROWS_PER_TURN = 256;

/**
 * A store as one caller may use it. An operation on a forbidden key is refused before the store is asked, so that the
 * refusal reveals nothing about its content. A scan of all keys shows only those that the caller may read. Permission
 * is checked again at every call and every row, and now and then while a watch is quiet, so a revoked credential also
 * ends what it had begun.
 */
class GuardedEngine implements PermittedEngine {
  readonly capabilities: Capabilities;
  readonly lineOf: Engine['lineOf'];

  constructor(
    private readonly engine: Engine,
    private readonly identity: Identity,
    private readonly onRefused: OnRefused,
    private readonly watches: OpenWatches,
  ) {
    this.capabilities = engine.capabilities;
    this.lineOf = engine.lineOf;
  }

  assertMay(permission: Permission, prefix: string, reach: Reach): void {
    const { identity } = this;
    this.assertValid();
    if (permits(identity, permission, prefix)) return;
    this.onRefused('NAO_AUTORIZADO', identity);
    throw new KvsError(
      'NAO_AUTORIZADO',
      `a credencial ${identity.name}, de papel ${identity.role}, não pode ${deedText(permission, prefix, reach)}`,
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
    // Only scans whose rows have a key are filtered.
    const shows = this.shownBy(scan) as (row: Rows[K]) => boolean;
    return this.watched(this.engine.scan<K>(scan), shows, scan.kind === 'watch');
  }

  // Every kind is listed, even if several are alike, so that what a new one may show or change is an explicit decision.

  private assertMayRead(query: Query): void {
    switch (query.kind) {
      case 'version':
      case 'instant':
      case 'heads':
      case 'line':
        this.assertMay('read', query.key, 'key');
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
      case 'compare':
      case 'renew':
        this.assertMay('write', write.key, 'key');
        return;
      case 'commit':
        for (const { key } of write.guards) this.assertMay('read', key, 'key');
        for (const { key } of write.writes) this.assertMay('write', key, 'key');
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
      case 'lines':
        this.assertMay('read', scan.key, 'key');
        return every;
      case 'list':
      case 'count':
        this.assertMay('read', coveredPrefix(scan), 'prefix');
        return every;
      case 'watch':
        this.assertMay('read', scan.key ?? scan.prefix ?? '', scan.key === undefined ? 'prefix' : 'key');
        return every;
      case 'range':
        // One prefix must cover both ends: then it covers everything between them, in code point order.
        this.assertMay('read', commonPrefix(scan.from, scan.to), 'prefix');
        return every;
      case 'snapshot':
      case 'everything':
        this.assertValid();
        if (identity.role === 'servidor') this.assertMay('read', '', 'prefix');
        return ({ key }) => permits(identity, 'read', key);
      default:
        throw unguarded(scan);
    }
  }

  private watched<T>(rows: Stream<T>, shows: (row: T) => boolean, isWatch: boolean): Stream<T> {
    const assertValid = (): void => this.assertValid();
    return Symbol.asyncIterator in rows
      ? watchedLater(rows, assertValid, shows, isWatch ? (end) => this.opened(end) : undefined)
      : watchedNow(rows, assertValid, shows);
  }

  private opened(end: () => void): () => void {
    return this.watches.add({ identity: this.identity, end });
  }
}

const every = (): boolean => true;

/** For a kind that has no rule here; the compiler finds it first. */
function unguarded(call: never): Error {
  return new Error(`nobody has said who may ask for ${(call as { readonly kind: string }).kind}`);
}

const DEEDS = {
  read: { key: 'ler esta chave', all: 'ler todas as chaves' },
  write: { key: 'escrever nesta chave', all: 'escrever em todas as chaves' },
} as const;

/** What is refused, for people. */
function deedText(permission: Permission, prefix: string, reach: Reach): string {
  if (permission === 'administer') return 'administrar este servidor';
  const { key, all } = DEEDS[permission];
  return reach === 'key' ? key : `${all}${prefix === '' ? '' : ' deste prefixo'}`;
}

/** A prefix of every key of a range. */
function coveredPrefix({ prefix = '', from, to }: KeyRange): string {
  const common = from === undefined || to === undefined ? '' : commonPrefix(from, to);
  return common.length > prefix.length ? common : prefix;
}

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

/**
 * A reader that leaves ends what it waits for, which a generator could not do before the next row has come.
 * @param opened notes a watch, with what ends it; returns what to call once it is over
 */
function watchedLater<T>(
  rows: AsyncIterable<T | undefined>,
  assertValid: () => void,
  shows: (row: T) => boolean,
  opened: ((end: () => void) => () => void) | undefined,
): AsyncIterable<T | undefined> {
  return {
    [Symbol.asyncIterator]: () => {
      const inner = rows[Symbol.asyncIterator]();
      let passed = 0;
      let isRevoked = false;
      const closed = opened?.(() => {
        isRevoked = true;
        // What waits for a row goes on, and finds that the credential is no longer valid.
        void inner.return?.();
      });
      const next = async (): Promise<IteratorResult<T | undefined>> => {
        for (;;) {
          const step = await inner.next();
          if (step.done === true) closed?.();
          if (step.done === true && !isRevoked) return step;
          try {
            assertValid();
          } catch (thrown) {
            closed?.();
            await inner.return?.();
            throw thrown;
          }
          if (step.done === true) return step;
          if (step.value === undefined || shows(step.value)) return step;
          if (++passed % ROWS_PER_TURN === 0) return { done: false, value: undefined };
        }
      };
      const end = async (): Promise<IteratorResult<T | undefined>> => {
        closed?.();
        await inner.return?.();
        return { done: true, value: undefined };
      };
      return { next, return: end };
    },
  };
}
