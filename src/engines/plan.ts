/**
 * Decides, for every engine, what a write of one key does. An engine provides what it knows of the key and carries out
 * the step on its own storage: `store-plan.ts` as mutations of a store in memory, `consensus/transactions.ts` as a
 * transaction.
 */
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import type { Answers, Capabilities, Guard, KeyWrite, Restore, Row, Write } from '../ports/engine.js';

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
 * @throws KvsError CHAVE_INEXISTENTE, VERSAO_INEXISTENTE, VERSAO_ESGOTADA
 */
export function decide(write: KeyWrite, facts: KeyFacts, wallMs: number, expiryMs = wallMs): Step {
  switch (write.kind) {
    case 'insert':
    case 'put': {
      const next = nextVersion(facts, wallMs);
      return write.ttlMs === undefined ? next : { ...next, expiresAt: Math.floor(expiryMs) + write.ttlMs };
    }
    case 'restore': {
      if (facts.holds(write)) return NOTHING;
      const next = nextVersion(facts, wallMs);
      const { version, timestamp, expiresAt } = write;
      const isLast = version >= next.version && timestamp > facts.greatestTimestamp;
      return isLast ? { kind: 'add', version, timestamp, expiresAt } : { ...next, expiresAt };
    }
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

/** Whether the answer to a write contains the newest row before it: see {@link answerTo}. */
export function tellsNewest({ kind }: KeyWrite): boolean {
  return kind === 'put' || kind === 'removeAll' || kind === 'trim';
}

/**
 * The answer to a write once its step is done.
 * @param step if an earlier attempt did the write: what that attempt added
 * @param newest the newest row before the write; needed where {@link tellsNewest}
 */
export function answerTo(write: KeyWrite, step: Step, newest: Row | undefined): Answers[KeyWrite['kind']] {
  switch (write.kind) {
    case 'insert':
      return placeOf(step);
    case 'put': {
      const row = { key: write.key, value: write.value, ...placeOf(step) };
      const expiresAt = step.kind === 'add' ? step.expiresAt : undefined;
      return { row: expiresAt === undefined ? row : { ...row, expiresAt }, previous: newest };
    }
    case 'restore': {
      if (step.kind !== 'add') return { version: write.version, outcome: 'present' };
      const isKept = step.version === write.version && step.timestamp === write.timestamp;
      return { version: step.version, outcome: isKept ? 'kept' : 'renumbered' };
    }
    case 'remove':
      return undefined;
    case 'removeAll':
    case 'trim':
      return newest;
  }
}

function placeOf(step: Step): Place {
  if (step.kind !== 'add') throw new Error(`an insert came to ${step.kind}`);
  const { version, timestamp } = step;
  return { version, timestamp };
}

/** @throws KvsError NAO_SUPORTADO if an engine with these capabilities does not support this write */
export function assertOffered(
  { restores, expires }: Capabilities,
  write: Write,
): asserts write is Exclude<Write, Restore> {
  if ('ttlMs' in write && write.ttlMs !== undefined && expires !== true) {
    throw new KvsError('NAO_SUPORTADO', 'este motor não tem valores que expiram');
  }
  if (write.kind !== 'restore' || restores) return;
  throw new KvsError('NAO_SUPORTADO', 'este motor dá ele mesmo os números das versões');
}

/** Whether every guard of a commit holds. @param newestOf returns the newest stored version of a key */
export function guardsHold(guards: readonly Guard[], newestOf: (key: string) => Place | undefined): boolean {
  return guards.every(({ key, version }) => (newestOf(key)?.version ?? 0) === version);
}
