import type { Dot } from '../../src/core/dot.js';
import { NO_CLOCK } from '../../src/core/fleet-clock.js';
import type { Floor } from '../../src/core/mutation.js';
import type { EntryRecord, StoredValue } from '../../src/core/record.js';
import type { KeySpace } from '../../src/core/space.js';
import type { Store } from '../../src/core/store.js';
import { partOf, vectorText, Violation, type Oracle, type TrueState } from './oracle.js';
import { field } from './fields.js';
import { headsSeen, lastOf, newestOf, readable, type TrueEntry, type TrueKey } from './oracle-view.js';

/** The whole state of a store as a text that says everything and depends on no internal order. */
export function stateText(store: Store): string {
  const { floors, keySpace: space } = store;
  const lines = floors.entries().map(({ part, ...floor }) => floorText(part, floor));
  for (const fragment of store.fragments()) {
    const { key, entries } = fragment;
    const floor = floors.get(partOf(key));
    // Below the floor two servers may rightly differ in what they keep.
    const version = Math.max(fragment.greatestVersion, floor.version);
    const timestamp = Math.max(fragment.greatestTimestamp, floor.timestamp);
    const heads = dotsText(headsOf(space, key));
    lines.push(keyText(key, version, timestamp, entries.map(entryText).join(','), heads));
  }
  return lines.sort().join('\n');
}

const trueTexts = new WeakMap<TrueState, string>();

/** The same text from the true history. */
function trueText(state: TrueState): string {
  const known = trueTexts.get(state) ?? makeTrueText(state);
  trueTexts.set(state, known);
  return known;
}

function makeTrueText({ keys, floors }: TrueState): string {
  const lines = [...floors].map(([part, floor]) => floorText(part, floor));
  for (const [key, { greatestVersion, greatestTimestamp, entries, heads }] of keys) {
    const text = entries.map(entryText).join(',');
    lines.push(keyText(key, greatestVersion, greatestTimestamp, text, dotsText(heads)));
  }
  return lines.sort().join('\n');
}

/** The entries of a key that nothing supersedes, expired or not; the last if all are superseded. */
function headsOf(space: KeySpace, key: string): EntryRecord[] {
  const slot = space.keys.find(key);
  return slot === undefined ? [] : space.heads(slot).map((row) => space.record(row));
}

function floorText(part: number, { version, timestamp, paceMs }: Floor): string {
  return `floor of ${part}: ${version} ${timestamp} ${paceMs}`;
}

function keyText(key: string, version: number, timestamp: number, entries: string, heads: string): string {
  return `${JSON.stringify(key)} ${version} ${timestamp} [${entries}] heads ${heads}`;
}

function entryText(e: TrueEntry | EntryRecord): string {
  const flags = `${e.superseded ? '-' : '+'}${e.passed ? 'passed ' : ''}`;
  const until = e.expiresAt === undefined ? '' : ` until ${e.expiresAt}`;
  return `${e.version}@${e.timestamp} ${e.origin}:${e.seq}${flags}${JSON.stringify(e.value)}${until}`;
}

function dotsText(dots: readonly Dot[]): string {
  return dots
    .map((dot) => `${dot.origin}:${dot.seq}`)
    .sort()
    .join(' ');
}

/**
 * Checks a store against the true history at its own vector: causality, entries, order, flags, heads, counters, floors,
 * what is kept, contexts, the fleet's clock and answers to queries.
 * @returns the whole state as a text
 * @throws Violation
 */
export function assertTrue(who: string, store: Store, oracle: Oracle): string {
  const vector = store.vector.entries();
  oracle.assertClosed(vector);
  const state = oracle.stateAt(vector);
  const found = stateText(store);
  const expected = trueText(state);
  if (found !== expected) {
    throw new Violation(`${who} at ${vectorText(vector)} holds\n${found}\nand should hold\n${expected}`);
  }
  const counts = {
    entryCount: [...state.keys.values()].reduce((sum, key) => sum + key.entries.length, 0),
    keyCount: state.keys.size,
    emptyKeyCount: [...state.keys.values()].filter(({ entries }) => entries.length === 0).length,
    expiringCount: [...state.keys.values()].flatMap(({ entries }) => entries.filter(expires)).length,
  };
  for (const [name, count] of Object.entries(counts)) {
    const said = store[name as keyof typeof counts];
    if (said !== count) throw new Violation(`${who} says ${name} ${said} instead of ${count}`);
  }
  const fleetMs = store.clock === NO_CLOCK ? 0 : store.clock.nowMs();
  if (store.clock !== NO_CLOCK) {
    const wallMs = (field(store.clock, 'wallMs') as () => number)();
    oracle.assertNotBehind(who, vector, { wallMs, fleetMs });
  }
  for (const [key, truth] of state.keys) {
    assertContexts(who, key, headsOf(store.keySpace, key), oracle);
    assertAnswers(who, key, store, truth, fleetMs);
  }
  return found;
}

function expires({ expiresAt }: TrueEntry): boolean {
  return expiresAt !== undefined;
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
  { entries, greatestVersion }: TrueKey,
  fleetMs: number,
): void {
  const assertSame = (what: string, found: StoredValue | undefined, due: TrueEntry | undefined): void => {
    const isSame = (['value', 'version', 'timestamp', 'expiresAt'] as const).every(
      (name) => found?.[name] === due?.[name],
    );
    if (!isSame)
      throw new Violation(`${who} answers ${key} ${what} with ${JSON.stringify(found)} at ${fleetMs}`);
  };
  const versions = entries.flatMap(({ version }) => [version - 1, version, version + 1]);
  for (const version of new Set([undefined, 0, ...versions, greatestVersion]))
    assertSame(`@${version ?? 'latest'}`, store.get(key, version), lastOf(entries, fleetMs, version));
  const times = entries.flatMap(({ timestamp }) => [timestamp - 1, timestamp]);
  for (const timestamp of new Set([undefined, ...times]))
    assertSame(
      `at ${timestamp ?? 'now'}`,
      store.getAt(key, timestamp),
      newestOf(entries, fleetMs, timestamp),
    );
  const known = store.key(key);
  assertSame('to its writer', known.newest, newestOf(entries, fleetMs));
  const heads = headsSeen(entries, fleetMs);
  if (dotsText(store.heads(key)) !== dotsText(heads))
    throw new Violation(
      `${who} shows of ${key} the heads ${dotsText(store.heads(key))}, not ${dotsText(heads)}`,
    );
  for (const version of new Set(versions)) {
    const isThere = readable(entries, fleetMs).some((entry) => entry.version === version);
    if (known.has(version) !== isThere) throw new Violation(`${who} has ${key}@${version}: ${!isThere}`);
  }
}
