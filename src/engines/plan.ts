/**
 * Decides, for every engine, what a write of one key does. An engine provides what it knows of the key and carries out
 * the step on its own storage: `store-plan.ts` as mutations of a store in memory, `consensus/transactions.ts` as a
 * transaction.
 */
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import type {
  Answers,
  Capabilities,
  CompareWrite,
  Guard,
  KeyWrite,
  Restore,
  Row,
  Write,
} from '../ports/engine.js';
import type { Counted } from '../ports/lines.js';

/** Where a version of a key is in its order. */
export type Place = Pick<Row, 'version' | 'timestamp'>;

/** What an engine knows of a key at the moment of a write. */
export interface KeyFacts {
  /** Greatest version and timestamp ever assigned; removing values does not lower them. 0 if none was assigned yet. */
  readonly greatestVersion: number;
  readonly greatestTimestamp: number;
  /** The newest version that readers see as the latest value. */
  readonly newest: Place | undefined;
  /**
   * Whether no version can be read at all. What an expired one has hidden is not the newest anymore, but can be read by
   * its version and be removed.
   */
  readonly isEmpty: boolean;
  /** Whether this version is stored. */
  has(version: number): boolean;
  /** Whether this version is stored with exactly this timestamp and value. */
  holds(row: Row): boolean;
}

/** What a write amounts to. */
export type Step =
  | ({ readonly kind: 'add'; readonly expiresAt?: number | undefined } & Place)
  | { readonly kind: 'removeVersion'; readonly version: number }
  | { readonly kind: 'removeAll' | 'keepNewest' | 'nothing' };

const REMOVE_ALL: Step = { kind: 'removeAll' };
const KEEP_NEWEST: Step = { kind: 'keepNewest' };
const NOTHING: Step = { kind: 'nothing' };

/**
 * Decides what a write does to a key, given what is known of the key.
 * @param wallMs wall clock, ms since 1970
 * @param expiryMs the clock by which values expire, ms since 1970
 * @throws KvsError CHAVE_INEXISTENTE, VERSAO_INEXISTENTE, VERSAO_ESGOTADA, VERSAO_OUTRA
 */
export function decide(write: KeyWrite, facts: KeyFacts, wallMs: number, expiryMs = wallMs): Step {
  switch (write.kind) {
    case 'insert':
    case 'put':
      return expiring(nextVersion(facts, wallMs), write.ttlMs, expiryMs);
    case 'restore': {
      if (facts.holds(write)) return NOTHING;
      const next = nextVersion(facts, wallMs);
      const { version, timestamp, expiresAt } = write;
      const isLast = version >= next.version && timestamp > facts.greatestTimestamp;
      return isLast ? { kind: 'add', version, timestamp, expiresAt } : { ...next, expiresAt };
    }
    case 'compare':
      assertVersion(write, facts);
      if (write.value === undefined) {
        assertNewest(facts);
        return REMOVE_ALL;
      }
      return expiring(nextVersion(facts, wallMs), write.ttlMs, expiryMs);
    case 'renew':
      assertNewest(facts);
      return expiring(nextVersion(facts, wallMs), write.ttlMs, expiryMs);
    case 'remove':
      if (facts.isEmpty) throw new KvsError('CHAVE_INEXISTENTE', 'a chave não existe');
      if (write.version === undefined) return REMOVE_ALL;
      if (facts.has(write.version)) return { kind: 'removeVersion', version: write.version };
      throw new KvsError('VERSAO_INEXISTENTE', `a chave não tem a versão ${write.version}`);
    case 'removeAll':
      return facts.isEmpty ? NOTHING : REMOVE_ALL;
    case 'trim':
      return facts.newest === undefined ? NOTHING : KEEP_NEWEST;
  }
}

/** @throws KvsError CHAVE_INEXISTENTE unless there is a latest version */
function assertNewest({ newest }: KeyFacts): void {
  if (newest === undefined) throw new KvsError('CHAVE_INEXISTENTE', 'a chave não existe');
}

/** @throws KvsError VERSAO_OUTRA unless the latest version is the one that the writer has seen */
function assertVersion({ expected }: CompareWrite, { newest }: KeyFacts): void {
  const found = newest?.version ?? 0;
  if (found === expected) return;
  const saw = found === 0 ? 'a chave não existe' : `a última versão da chave é a ${found}`;
  const wanted = expected === 0 ? 'esperava-se que não existisse' : `esperava-se a ${expected}`;
  throw new KvsError('VERSAO_OUTRA', `${saw}, e ${wanted}; nada foi gravado`);
}

function expiring(
  place: Place & { readonly kind: 'add' },
  ttlMs: number | undefined,
  expiryMs: number,
): Step {
  return ttlMs === undefined ? place : { ...place, expiresAt: Math.floor(expiryMs) + ttlMs };
}

/** The timestamp is the wall clock's, or one more than the key's greatest if that is later. */
function nextVersion({ greatestVersion, greatestTimestamp }: KeyFacts, wallMs: number) {
  const version = greatestVersion + 1;
  const timestamp = Math.max(Math.floor(wallMs), greatestTimestamp + 1);
  if (version > limits.version || timestamp > limits.timestampMs) {
    throw new KvsError(
      'VERSAO_ESGOTADA',
      `a chave já usou a maior versão possível (${limits.version}); use outra chave`,
    );
  }
  return { kind: 'add', version, timestamp } as const;
}

const TELLS_NEWEST: ReadonlySet<KeyWrite['kind']> = new Set(['put', 'removeAll', 'trim', 'compare', 'renew']);

/** Whether the answer to a write is made from the newest row before it: see {@link answerTo}. */
export function tellsNewest({ kind }: KeyWrite): boolean {
  return TELLS_NEWEST.has(kind);
}

/**
 * The answer to a write once its step is done.
 * @param step if an earlier attempt did the write: what that attempt added
 * @param newest the newest row before the write; needed where {@link tellsNewest}
 * @param removed what a `remove` removed: see {@link removedOf}
 */
export function answerTo(
  write: KeyWrite,
  step: Step,
  newest: Row | undefined,
  removed?: Counted,
): Answers[KeyWrite['kind']] {
  switch (write.kind) {
    case 'insert':
      return placeOf(step);
    case 'put':
      return { row: rowOf(write.key, write.value, step), previous: newest };
    case 'compare':
      return write.value === undefined ? assertThere(newest) : rowOf(write.key, write.value, step);
    case 'renew':
      return rowOf(write.key, assertThere(newest).value, step);
    case 'restore': {
      if (step.kind !== 'add') return { version: write.version, outcome: 'present' };
      const isKept = step.version === write.version && step.timestamp === write.timestamp;
      return { version: step.version, outcome: isKept ? 'kept' : 'renumbered' };
    }
    case 'remove':
      if (removed === undefined) throw new Error('a removal was not counted');
      return removed;
    case 'removeAll':
    case 'trim':
      return newest;
  }
}

/**
 * What a `remove` removes.
 * @param there versions of the key that could be read before it
 * @param named how many of them are the one that it names, siblings included; `undefined` if it names none
 */
export function removedOf(there: number, named?: number): Counted {
  const versions = named ?? there;
  return { keys: versions === there ? 1 : 0, versions };
}

function rowOf(key: string, value: string, step: Step): Row {
  const row = { key, value, ...placeOf(step) };
  const expiresAt = step.kind === 'add' ? step.expiresAt : undefined;
  return expiresAt === undefined ? row : { ...row, expiresAt };
}

function assertThere(newest: Row | undefined): Row {
  if (newest === undefined) throw new Error('a step was decided on a latest version that is not there');
  return newest;
}

function placeOf(step: Step): Place {
  if (step.kind !== 'add') throw new Error(`an insert came to ${step.kind}`);
  const { version, timestamp } = step;
  return { version, timestamp };
}

/** @throws KvsError NAO_SUPORTADO if an engine with these capabilities does not support this write */
export function assertOffered(
  { restores, expires, compares }: Capabilities,
  write: Write,
): asserts write is Exclude<Write, Restore> {
  if ('ttlMs' in write && write.ttlMs !== undefined && expires !== true) {
    throw new KvsError('NAO_SUPORTADO', 'este motor não tem valores que expiram');
  }
  if (write.kind === 'compare' && compares !== true) {
    throw new KvsError(
      'NAO_SUPORTADO',
      'este motor não compara antes de gravar: outros servidores gravam ao mesmo tempo',
    );
  }
  if (write.kind !== 'restore' || restores) return;
  throw new KvsError('NAO_SUPORTADO', 'este motor dá ele mesmo os números das versões');
}

/** Whether every guard of a commit holds. @param newestOf returns the newest stored version of a key */
export function guardsHold(guards: readonly Guard[], newestOf: (key: string) => Place | undefined): boolean {
  return guards.every(({ key, version }) => (newestOf(key)?.version ?? 0) === version);
}
