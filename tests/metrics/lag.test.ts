import { describe, expect, it } from 'vitest';
import { VersionVector } from '../../src/core/vector.js';
import { ownLag, Progress } from '../../src/engines/fleet/replication/lag.js';
import type { Peer } from '../../src/engines/fleet/replication/peers.js';
import type { PresenceMessage } from '../../src/ports/bus.js';

function peer(ownSeq: number, recent: PresenceMessage['recent'], vectorDigest = 'outro'): Peer {
  const presence: PresenceMessage = {
    ...{ type: 'presence', origin: 'b', address: 'b:1', state: 'serving', wallMs: 0, storeHash: '' },
    ...{ vectorDigest, recent },
  };
  return {
    ...{ presence, ownSeq, seenAtMs: 0, clockOffsetMs: 0, restUntilMs: 0, fruitless: 0, clock: undefined },
  };
}

describe('how far a peer is behind what this server wrote', () => {
  const mine = new VersionVector();
  mine.advance(mine.indexOf('a'), 10);
  const lag = (other: Peer): number | undefined => ownLag(other, 'a', mine, { presenceEntries: 2 });

  it('is what it has not said to have', () => {
    expect(lag(peer(4, [['a', 4]]))).toBe(6);
    expect(lag(peer(10, [['a', 10]]))).toBe(0);
    expect(lag(peer(0, []))).toBe(10);
  });

  it('is nothing where its vector is the same, whatever it names', () => {
    expect(
      lag(
        peer(
          4,
          [
            ['c', 1],
            ['d', 1],
          ],
          mine.digest(),
        ),
      ),
    ).toBe(0);
  });

  it('is not known where it names as many others as a presence may', () => {
    expect(
      lag(
        peer(4, [
          ['c', 1],
          ['d', 1],
        ]),
      ),
    ).toBeUndefined();
  });
});

describe('the age of what a peer lacks', () => {
  it('is counted from the first look that found more', () => {
    const progress = new Progress();
    progress.note(0, 0);
    progress.note(1_000, 5);
    progress.note(2_000, 5);
    progress.note(3_000, 9);
    expect(progress.ageOfNext(5, 10_000)).toBe(7_000);
    expect(progress.ageOfNext(4, 10_000)).toBe(9_000);
    expect(progress.ageOfNext(9, 10_000)).toBe(0);
  });

  it('forgets the oldest looks, and keeps to its bound', () => {
    const progress = new Progress();
    for (let seq = 0; seq < 100_000; seq++) progress.note(seq * 1_000, seq);
    const age = progress.ageOfNext(0, 100_000_000);
    expect(age).toBeGreaterThanOrEqual(300_000);
    expect(age).toBeLessThanOrEqual(601_000);
  });
});
