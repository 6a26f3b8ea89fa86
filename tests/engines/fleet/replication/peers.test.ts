import { describe, expect, it } from 'vitest';
import type { VectorEntries } from '../../../../src/core/dot.js';
import type { PresenceMessage } from '../../../../src/ports/bus.js';
import { Peers } from '../../../../src/engines/fleet/replication/peers.js';
import { PresenceOrder } from '../../../../src/engines/fleet/replication/presence-order.js';
import { defaultFleetTuning, type FleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import { vectorOf } from '../../../support/vector-of.js';
import { HandTime } from './support.js';

type Said = { [name in keyof PresenceMessage]?: PresenceMessage[name] | undefined };

function presence(origin: string, more: Said = {}): PresenceMessage {
  const vectorDigest = vectorOf(more.recent ?? []).digest();
  const base = { address: '', state: 'serving', wallMs: 0, storeHash: '', recent: [], vectorDigest } as const;
  return { type: 'presence', origin, ...base, ...more } as PresenceMessage;
}

function peersWith(tuning: Partial<FleetTuning> = {}): { peers: Peers; time: HandTime } {
  const time = new HandTime();
  return { peers: new Peers('own', time, { ...defaultFleetTuning, ...tuning }), time };
}

describe('Peers', () => {
  it('knows who is new, who is silent and who left', () => {
    const { peers, time } = peersWith({ peerSilentMs: 100 });
    expect(peers.note(presence('a'))).toBe('new');
    expect(peers.note(presence('a'))).toBe('known');
    time.nowMs = 60;
    peers.note(presence('b', { state: 'joining' }));
    expect(peers.all()).toHaveLength(2);
    expect(peers.serving().map((peer) => peer.presence.origin)).toEqual(['a']);
    time.nowMs = 101;
    expect(peers.all().map((peer) => peer.presence.origin)).toEqual(['b']);
    expect(peers.note(presence('b', { state: 'leaving' }))).toBe('gone');
    expect(peers.all()).toEqual([]);
  });

  it('remembers no more than it may, and forgets the one silent for longest', () => {
    const { peers } = peersWith({ peers: 3 });
    for (const origin of ['a', 'b', 'c', 'a', 'd']) peers.note(presence(origin));
    expect(peers.all().map((peer) => peer.presence.origin)).toEqual(['c', 'a', 'd']);
  });

  it('says whether every peer understands a level, also those lost with the broker', () => {
    const { peers, time } = peersWith({ peerSilentMs: 100 });
    expect(peers.understand(2)).toBe(true);
    peers.note(presence('a', { level: 2 }));
    expect(peers.understand(2)).toBe(true);
    peers.note(presence('b'));
    expect(peers.understand(2)).toBe(false);
    expect(peers.understand(1)).toBe(true);
    peers.inSight(false);
    time.nowMs = 1_000;
    expect(peers.understand(2)).toBe(false);
    peers.inSight(true);
    expect(peers.understand(2)).toBe(false);
    time.nowMs = 1_050;
    peers.note(presence('a', { level: 2 }));
    expect(peers.understand(2)).toBe(false);
    time.nowMs = 1_100;
    expect(peers.understand(2)).toBe(true);
  });

  it('keeps a rest over presences', () => {
    const { peers } = peersWith();
    peers.note(presence('a'));
    peers.get('a')!.restUntilMs = 50;
    peers.note(presence('a'));
    expect(peers.get('a')?.restUntilMs).toBe(50);
  });

  it.each<[string, VectorEntries, number, VectorEntries, string]>([
    ['the same', [['a', 2]], 64, [['a', 2]], 'notAhead'],
    ['one seq more', [['a', 3]], 64, [['a', 2]], 'ahead'],
    [
      'an origin more',
      [
        ['a', 2],
        ['b', 1],
      ],
      64,
      [['a', 2]],
      'ahead',
    ],
    [
      'less',
      [['a', 1]],
      64,
      [
        ['a', 2],
        ['b', 1],
      ],
      'notAhead',
    ],
    [
      'a list that may be cut, with nothing new in it',
      [
        ['a', 2],
        ['b', 1],
      ],
      2,
      [
        ['a', 2],
        ['b', 2],
      ],
      'unknown',
    ],
  ])('compares a peer with %s', (_, recent, presenceEntries, mine, expected) => {
    const { peers } = peersWith({ presenceEntries });
    peers.note(presence('p', { recent }));
    expect(peers.compare(peers.get('p')!, vectorOf(mine))).toBe(expected);
  });

  it('tells who has something by serving peers only', () => {
    const { peers } = peersWith();
    peers.note(presence('a', { recent: [['w', 5]], state: 'joining' }));
    expect(peers.someoneHas([['w', 5]], 0)).toBe(false);
    peers.note(presence('b', { recent: [['w', 5]] }));
    expect(peers.someoneHas([['w', 5]], 0)).toBe(true);
    expect(
      peers.someoneHas(
        [
          ['w', 5],
          ['v', 1],
        ],
        0,
      ),
    ).toBe(false);
    // Nor by what was said before somebody asked: who said it may be gone.
    const laterMs = peers.get('b')!.seenAtMs + 1;
    expect([peers.someoneHas([['w', 5]], laterMs), peers.serves('b', laterMs)]).toEqual([false, false]);
    expect([peers.serves('b', laterMs - 1), peers.serves('a', 0)]).toEqual([true, false]);
  });

  it('heeds no presence that is older than one it has, in nothing that it says', () => {
    const { peers, time } = peersWith({ peerSilentMs: 1_000 });
    const later = { number: 7, recent: [['w', 5]] as const, address: 'nova:1' };
    expect(peers.note(presence('a', later))).toBe('new');
    time.nowMs = 900;
    for (const number of [6, 7, undefined]) {
      const older = presence('a', { number, state: 'draining', recent: [['w', 9]], address: 'velha:1' });
      expect(peers.note(older)).toBe('stale');
    }
    expect(peers.get('a')).toMatchObject({ seenAtMs: 0, presence: later });
    // Nor once it is silent, or has gone: a recording brings nobody back.
    time.nowMs = 1_001;
    expect(peers.all()).toEqual([]);
    expect(peers.note(presence('a', { number: 6 }))).toBe('stale');
    expect(peers.note(presence('a', { number: 8 }))).toBe('new');
    expect(peers.note(presence('a', { number: 8, state: 'leaving' }))).toBe('stale');
    // A will has no number: it was written before what it follows.
    expect(peers.note(presence('a', { state: 'leaving' }))).toBe('gone');
    expect(peers.note(presence('a', { number: 8 }))).toBe('stale');
    expect(peers.note(presence('a', { number: 9 }))).toBe('new');
  });

  it('takes presences without a number in the order in which they come', () => {
    const { peers } = peersWith();
    peers.note(presence('a', { address: 'um:1' }));
    expect(peers.note(presence('a', { address: 'dois:1' }))).toBe('known');
    expect(peers.get('a')?.presence.address).toBe('dois:1');
  });
});

describe('PresenceOrder', () => {
  it('remembers so many origins and for so long: a number forged in a name holds nobody out for ever', () => {
    const time = new HandTime();
    const order = new PresenceOrder(time, { presenceNumbers: 2, presenceNumberMs: 100 });
    expect(order.isNews(presence('a', { number: Number.MAX_SAFE_INTEGER }))).toBe(true);
    time.nowMs = 99;
    expect(order.isNews(presence('a', { number: 3 }))).toBe(false);
    time.nowMs = 100;
    expect(order.isNews(presence('a', { number: 3 }))).toBe(true);
    for (const origin of ['b', 'c']) order.isNews(presence(origin, { number: 5 }));
    expect(order.isNews(presence('c', { number: 4 }))).toBe(false);
    expect(order.isNews(presence('a', { number: 2 }))).toBe(true);
  });
});
