import type { Origin } from '../../core/dot.js';
import type { Mutation } from '../../core/mutation.js';
import type { RemovedRows } from '../../core/removed-rows.js';
import type { StoredLine } from '../../core/lines.js';
import type { Line } from '../../ports/lines.js';
import type { WatchEvent } from '../../ports/watch.js';

/** A mutation that was applied to a store, with what watches tell of it: an insert, or each version that it removed. */
export interface Applied {
  readonly origin: Origin;
  readonly seq: number;
  readonly mutation: Mutation;
  /** What it removed here, as the store's observer heard it. */
  readonly removed: RemovedRows | undefined;
}

/** Where a reader was cut between the events of one mutation: the version and the origin of the last one told. */
export interface Cut {
  readonly version: number;
  readonly origin: Origin;
}

/** How many events a mutation has. */
export function eventCount({ mutation, removed }: Applied): number {
  return mutation.kind === 'insert' ? 1 : (removed?.count ?? 0);
}

/** The index of the first event of a mutation after a cut. */
export function firstAfter({ removed }: Applied, cut: Cut): number {
  return removed?.after(cut.version, cut.origin) ?? 0;
}

/** What is told of a stored entry besides the mutation that made it. */
export interface LineFacts {
  isStable(origin: Origin, seq: number): boolean;
  /** Whether the key has another entry of this version now. */
  isSibling(key: string, version: number): boolean;
}

/** An event of a mutation, without a token. */
export function eventOf(
  { origin, seq, mutation, removed }: Applied,
  index: number,
  facts: LineFacts,
): LineOf {
  if (mutation.kind === 'insert') {
    const { key, value, version, timestamp, expiresAt } = mutation;
    const isSibling = facts.isSibling(key, version);
    const isStable = facts.isStable(origin, seq);
    const line = { key, value, version, timestamp, origin, isHead: true, isSibling, isStable };
    return { kind: 'insert', line: expiresAt === undefined ? line : { ...line, expiresAt } };
  }
  if (mutation.kind === 'raiseFloor' || removed === undefined)
    throw new Error(`no event of a ${mutation.kind}`);
  const { isExpired, ...row } = removed.at(index);
  const line = { key: mutation.key, value: '', ...row, isHead: false, isSibling: false, isStable: false };
  return { kind: isExpired ? 'expire' : 'remove', line };
}

/** The cut after an event of a mutation. */
export function cutAfter({ removed }: Applied, index: number): Cut | undefined {
  return removed?.at(index);
}

type LineOf = Extract<WatchEvent, { readonly line: Line }>;

/** A version as `present`. */
export function presentEvent({ seq, ...line }: StoredLine, facts: LineFacts): LineOf {
  return { kind: 'present', line: { ...line, isStable: facts.isStable(line.origin, seq) } };
}
