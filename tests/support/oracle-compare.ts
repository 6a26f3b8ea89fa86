import type { Dot, VectorEntries } from '../../src/core/dot.js';
import type { EntryRecord } from '../../src/core/record.js';
import type { Store } from '../../src/core/store.js';
import { vectorText, Violation, type Oracle } from './oracle.js';
import type { TrueEntry, TrueKey } from './oracle-view.js';

/** The whole state of a store as a text that says everything and depends on no internal order. */
export function stateText(store: Store): string {
  const lines: string[] = [];
  for (const fragment of store.fragments()) {
    const entries = fragment.entries.map(entryText).join(',');
    const heads = dotsText(store.heads(fragment.key));
    lines.push(keyText(fragment.key, fragment.greatestVersion, fragment.greatestTimestamp, entries, heads));
  }
  return lines.sort().join('\n');
}

/** The same text from the true history. */
export function trueText(state: ReadonlyMap<string, TrueKey>): string {
  const lines = [...state].map(([key, { greatestVersion, greatestTimestamp, entries, heads }]) =>
    keyText(key, greatestVersion, greatestTimestamp, entries.map(entryText).join(','), dotsText(heads)),
  );
  return lines.sort().join('\n');
}

function keyText(key: string, version: number, timestamp: number, entries: string, heads: string): string {
  return `${JSON.stringify(key)} ${version} ${timestamp} [${entries}] heads ${heads}`;
}

function entryText(e: TrueEntry | EntryRecord): string {
  const flag = e.superseded ? '-' : '+';
  return `${e.version}@${e.timestamp} ${e.origin}:${e.seq}${flag}${JSON.stringify(e.value)}`;
}

function dotsText(dots: readonly Dot[]): string {
  return dots
    .map((dot) => `${dot.origin}:${dot.seq}`)
    .sort()
    .join(' ');
}

/**
 * Checks a store against the true history at its own vector: causality, entries, order, flags, heads, counters,
 * contexts and answers to queries.
 * @throws Violation
 */
export function assertTrue(who: string, store: Store, oracle: Oracle): void {
  const vector = store.vector.entries();
  oracle.assertClosed(vector);
  const { keys: state } = oracle.stateAt(vector);
  const found = stateText(store);
  const expected = trueText(state);
  if (found !== expected) {
    throw new Violation(`${who} at ${vectorText(vector)} holds\n${found}\nand should hold\n${expected}`);
  }
  const entries = [...state.values()].reduce((sum, key) => sum + key.entries.length, 0);
  if (store.entryCount !== entries) throw new Violation(`${who} counts ${store.entryCount} of ${entries}`);
  if (store.keyCount !== state.size) throw new Violation(`${who} counts ${store.keyCount} keys`);
  for (const [key, truth] of state) {
    assertContexts(who, key, store.heads(key), oracle);
    assertAnswers(who, key, store, vector, truth, oracle);
  }
}

function assertContexts(who: string, key: string, heads: readonly EntryRecord[], oracle: Oracle): void {
  for (const head of heads) {
    const observed = oracle.observedBy(head.origin, head.seq);
    for (const [origin, seq] of head.context) {
      const known = (observed.get(origin) ?? 0) >= seq && oracle.isInsertOf(key, origin, seq);
      if (!known || origin === head.origin) {
        throw new Violation(`${who}: ${head.origin}:${head.seq} claims to have observed ${origin}:${seq}`);
      }
    }
  }
  const clocks = heads.map((head) => new Map([...head.context, [head.origin, head.seq] as const]));
  for (const [i, a] of clocks.entries()) {
    for (const [j, b] of clocks.entries()) {
      if (i !== j && [...a].every(([origin, seq]) => (b.get(origin) ?? 0) >= seq)) {
        throw new Violation(`${who}: heads ${dotsText(heads)} of ${key} are comparable`);
      }
    }
  }
}

function assertAnswers(
  who: string,
  key: string,
  store: Store,
  vector: VectorEntries,
  truth: TrueKey,
  oracle: Oracle,
): void {
  const around = truth.entries.flatMap(({ version }) => [version - 1, version, version + 1]);
  for (const version of new Set([undefined, 0, ...around, truth.greatestVersion])) {
    const found = store.get(key, version);
    const expected = oracle.query(vector, key, version);
    if (found?.value !== expected?.value || found?.timestamp !== expected?.timestamp) {
      throw new Violation(`${who} answers ${key}@${version ?? 'latest'} with ${JSON.stringify(found)}`);
    }
  }
}
