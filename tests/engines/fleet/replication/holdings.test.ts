import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/core/limits.js';
import type { VectorEntries } from '../../../../src/core/dot.js';
import type { PresenceMessage } from '../../../../src/ports/bus.js';
import { Holdings } from '../../../../src/engines/fleet/replication/holdings.js';
import { replicationLimits } from '../../../../src/engines/fleet/replication/limits.js';
import { Peers } from '../../../../src/engines/fleet/replication/peers.js';
import { defaultFleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import { field } from '../../../support/fields.js';
import { vectorOf } from '../../../support/vector-of.js';
import { HandTime } from './support.js';

const { peerSilentMs, presenceIntervalMs } = defaultFleetTuning;

/** A server that holds these entries, in the order in which they advanced, and has a broker. */
function server(entries: VectorEntries) {
  const time = new HandTime();
  const mine = vectorOf(entries);
  const holdings = new Holdings(() => mine, time, defaultFleetTuning);
  const peers = new Peers('own', time, defaultFleetTuning, undefined, holdings);
  peers.inSight(true);
  const advance = (origin: string, seq: number): void => mine.advance(mine.indexOf(origin), seq);
  return { time, holdings, peers, mine, advance };
}

/** What a server says that has these entries. */
function presence(origin: string, entries: VectorEntries, more: Partial<PresenceMessage> = {}) {
  const vector = vectorOf(entries);
  return {
    ...{ type: 'presence', origin, address: `${origin}:1`, state: 'serving', wallMs: 0, storeHash: '' },
    ...{ vectorDigest: vector.digest(), recent: vector.recent(limits.presenceEntries) },
    ...more,
  } as PresenceMessage;
}

/** More origins than a presence names, which advanced one after the other. */
const MANY: VectorEntries = Array.from({ length: 200 }, (_, i) => [`w${i}`, 5] as const);

describe('what other servers hold', () => {
  it('is everything where there is no other server', () => {
    expect(server([['a', 3]]).holdings.allHold('a', 3)).toBe(true);
  });

  it('is what every serving server has announced', () => {
    const { holdings, peers } = server([['a', 3]]);
    peers.note(presence('p', [['a', 3]]));
    peers.note(presence('q', [['a', 2]]));
    expect([1, 2, 3].map((seq) => holdings.allHold('a', seq))).toEqual([true, true, false]);
    peers.note(presence('q', [['a', 3]]));
    expect(holdings.allHold('a', 3)).toBe(true);
  });

  it('does not depend on servers that join, drain or have left', () => {
    const { holdings, peers } = server([['a', 3]]);
    for (const state of ['joining', 'draining'] as const) peers.note(presence(state, [], { state }));
    peers.note(presence('p', []));
    expect(holdings.allHold('a', 1)).toBe(false);
    peers.note(presence('p', [], { state: 'leaving' }));
    expect(holdings.allHold('a', 1)).toBe(true);
  });

  it('is no more of servers that left or fell silent, which are named for a while unless they are back', () => {
    const { holdings, peers, time } = server([]);
    const named = (): unknown[] =>
      holdings.departed().map(({ name, address, atMs }) => [name, address, atMs]);
    peers.note(presence('p', [], { name: 'norte' }));
    peers.note(presence('q', []));
    const heardMs = time.nowMs;
    time.nowMs += 1000;
    peers.note(presence('p', [], { state: 'leaving', address: '' }));
    expect(named()).toEqual([['norte', 'p:1', heardMs + 1000]]);
    time.nowMs += peerSilentMs;
    expect(named()).toEqual([
      ['norte', 'p:1', heardMs + 1000],
      [undefined, 'q:1', heardMs],
    ]);
    peers.note(presence('p2', [], { address: 'p:1' }));
    peers.note(presence('r', []));
    peers.note(presence('r2', [], { address: 'r:1' }));
    peers.note(presence('r', [], { state: 'leaving', address: '' }));
    expect(named()).toEqual([[undefined, 'q:1', heardMs]]);
    time.nowMs += replicationLimits.departureMs;
    expect(named().map((one) => (one as unknown[])[1])).not.toContain('q:1');
  });

  it('names no more servers that left than it may', () => {
    const { holdings, peers } = server([]);
    for (let at = 0; at < 2 * replicationLimits.departures; at++) {
      peers.note(presence(`s${at}`, []));
      peers.note(presence(`s${at}`, [], { state: 'leaving' }));
    }
    expect(holdings.departed()).toHaveLength(replicationLimits.departures);
  });

  it('is forgotten with a server that falls silent, but not while there is no broker', () => {
    const { holdings, peers, time } = server([['a', 3]]);
    peers.note(presence('p', [['a', 2]]));
    time.nowMs += 1;
    peers.inSight(false);
    time.nowMs += 10 * peerSilentMs;
    expect([holdings.allHold('a', 2), holdings.allHold('a', 3)]).toEqual([true, false]);
    expect(holdings.all()).toMatchObject([{ isSilent: true, lag: 1 }]);
    peers.inSight(true);
    time.nowMs += peerSilentMs;
    expect(holdings.allHold('a', 3)).toBe(false);
    time.nowMs += 1;
    expect(holdings.all()).toEqual([]);
    expect(holdings.allHold('a', 3)).toBe(true);
  });

  it('is forgotten only once nothing was heard for so long, whoever asks', () => {
    const { holdings, peers, time } = server([['a', 3]]);
    peers.note(presence('p', [['a', 2]]));
    expect(holdings.allHold('a', 3)).toBe(false);
    time.nowMs += peerSilentMs;
    peers.note(presence('p', [['a', 2]]));
    time.nowMs += peerSilentMs;
    expect(holdings.allHold('a', 3)).toBe(false);
    time.nowMs += presenceIntervalMs;
    expect(holdings.allHold('a', 3)).toBe(true);
  });

  it('includes what a server confirms before its next presence', () => {
    const { holdings, peers } = server([['own', 9]]);
    peers.note(presence('p', [['own', 3]]));
    expect(holdings.allHold('own', 9)).toBe(false);
    peers.noteHeld('p', 9);
    peers.noteHeld('stranger', 50);
    expect([holdings.allHold('own', 9), holdings.allHold('own', 10)]).toEqual([true, false]);
    // Whatever comes later, and is older.
    peers.noteHeld('p', 5);
    expect(holdings.allHold('own', 9)).toBe(true);
    peers.note(presence('p', [['own', 4]]));
    expect(holdings.allHold('own', 9)).toBe(true);
  });

  it('lacks what a presence with room for everything does not name', () => {
    const { holdings, peers } = server([
      ['a', 3],
      ['b', 2],
    ]);
    peers.note(presence('p', [['a', 1]]));
    expect(holdings.all()).toMatchObject([{ lag: 4 }]);
    peers.note(presence('q', []));
    expect(holdings.all()).toMatchObject([{ lag: 4 }, { lag: 5 }]);
  });

  it('lacks nothing where the vectors are equal, also if there is no newer copy of them', () => {
    const { holdings, peers, advance } = server(MANY);
    peers.note(presence('p', MANY));
    advance('w1', 9);
    for (const [origin] of MANY.slice(2)) advance(origin, 6);
    const all = MANY.map(([origin]) => [origin, origin === 'w0' ? 5 : origin === 'w1' ? 9 : 6] as const);
    expect(holdings.all()[0]!.lag).toBeGreaterThan(0);
    peers.note(presence('p', all));
    expect(holdings.all()).toMatchObject([{ lag: 0 }]);
  });

  it('is remembered of a bounded number of origins', () => {
    const { holdings } = server([]);
    const { originsRemembered } = replicationLimits;
    for (let i = 0; i <= 2 * originsRemembered; i++) holdings.allHold(`o${i}`, 1);
    expect((field(holdings, 'everywhere') as Map<string, number>).size).toBeLessThanOrEqual(
      originsRemembered,
    );
  });

  it('includes what a presence has no room to name, once the vectors were equal', () => {
    const { holdings, peers, advance } = server(MANY);
    peers.note(presence('p', [...MANY, ['w0', 6]]));
    // The last one that advanced is named, an early one is not.
    expect([holdings.allHold('w199', 5), holdings.allHold('w1', 5)]).toEqual([true, false]);
    peers.note(presence('p', MANY));
    expect([holdings.allHold('w1', 5), holdings.allHold('w1', 6)]).toEqual([true, false]);
    // What the server gets from now on counts beside that.
    advance('w1', 7);
    expect(holdings.all()).toMatchObject([{ lag: 2 }]);
    peers.note(presence('p', [...MANY, ['w1', 6]]));
    expect([6, 7].map((seq) => holdings.allHold('w1', seq))).toEqual([true, false]);
    expect(holdings.allHold('w2', 5)).toBe(true);
    // Also once so many others have advanced there that it is not named any more.
    peers.note(presence('p', [['w1', 6], ...MANY.filter(([origin]) => origin !== 'w1'), ['w0', 9]]));
    expect([6, 7].map((seq) => holdings.allHold('w1', seq))).toEqual([true, false]);
  });

  it('does not take vectors for equal that differ by their keyed digests', () => {
    const time = new HandTime();
    const mine = vectorOf(MANY);
    const holdings = new Holdings(() => mine, time, defaultFleetTuning);
    holdings.note(presence('p', MANY), () => true);
    expect(holdings.allHold('w1', 5)).toBe(false);
    holdings.note(presence('p', MANY), () => false);
    expect(holdings.allHold('w1', 5)).toBe(true);
  });

  it('keeps a bounded number of copies of the vector, not more than one a second', () => {
    const { holdings, peers, advance, mine, time } = server(MANY);
    const agreeing = (origin: string): void =>
      void peers.note(presence(origin, [...MANY, ['w0', mine.seqOf('w0')]]));
    agreeing('p0');
    advance('w0', 6);
    agreeing('p1');
    expect(holdings.all().map(({ lag }) => lag)).toEqual([1, 0]);
    expect(holdings.allHold('w1', 5)).toBe(false);
    for (let i = 1; i <= replicationLimits.vectorCopies; i++) {
      time.nowMs += replicationLimits.vectorCopyMs;
      advance('w0', 6 + i);
      agreeing(`p${i}`);
    }
    // The copy of the first has made room.
    expect(holdings.allHold('w1', 5)).toBe(false);
    agreeing('p0');
    expect(holdings.allHold('w1', 5)).toBe(true);
  });
});
