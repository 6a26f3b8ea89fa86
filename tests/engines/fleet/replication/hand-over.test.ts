import { describe, expect, it } from 'vitest';
import type { VectorEntries } from '../../../../src/core/dot.js';
import { VersionVector } from '../../../../src/core/vector.js';
import type { Bus, PresenceMessage } from '../../../../src/ports/bus.js';
import { handOver } from '../../../../src/engines/fleet/replication/hand-over.js';
import { Peers } from '../../../../src/engines/fleet/replication/peers.js';
import { defaultFleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import { ManualTime } from '../bus/manual-time.js';
import { LogRecorder } from '../bus/support.js';

/** A server that stops, with two peers of which it has heard. */
function stopping(
  entries: () => VectorEntries,
  presenceEntries: number = defaultFleetTuning.presenceEntries,
) {
  const time = new ManualTime();
  const peers = new Peers('own', time, defaultFleetTuning);
  const hears = (origin: string, recent: VectorEntries): void => {
    const more = { address: '', wallMs: 0, vectorDigest: '', storeHash: '', recent };
    const presence: PresenceMessage = { type: 'presence', origin, state: 'serving', ...more };
    peers.note(presence);
  };
  const begin = async (act: () => void): Promise<boolean> => {
    time.advance(100);
    const bus = { connected: true } as Bus;
    const vector = (): VersionVector => {
      const made = new VersionVector();
      for (const [origin, seq] of entries()) made.advance(made.indexOf(origin), seq);
      return made;
    };
    const tuning = { handOverMs: 1_000, presenceEntries };
    const handed = handOver(vector, { origin: 'own', tuning, peers, bus, time, logger: new LogRecorder() });
    act();
    time.advance(2_000);
    return handed;
  };
  return { hears, begin };
}

describe('handing over', () => {
  it('counts only what is said from then on: who spoke before may be gone', async () => {
    const { hears, begin } = stopping(() => [['own', 5]]);
    hears('a', [['own', 5]]);
    expect(await begin(() => undefined)).toBe(false);
    expect(await begin(() => hears('b', [['own', 4]]))).toBe(false);
    expect(await begin(() => hears('b', [['own', 5]]))).toBe(true);
  });

  it('owes also what comes in meanwhile, unless its origin lives', async () => {
    let entries: VectorEntries = [['own', 5]];
    const { hears, begin } = stopping(() => entries);
    hears('a', []);
    const more = (): void => {
      entries = [
        ['own', 5],
        ['b', 7],
      ];
      hears('a', [['own', 5]]);
    };
    expect(await begin(more)).toBe(false);
    const lives = (): void => {
      more();
      hears('b', []);
    };
    expect(await begin(lives)).toBe(true);
  });

  it('owes what it owed once, though others advance after it, and takes no silence for its having gone on', async () => {
    let entries: VectorEntries = [
      ['own', 5],
      ['dead', 2],
    ];
    const { hears, begin } = stopping(() => entries);
    hears('a', [['own', 5]]);
    const others = (): void => {
      // Only what has advanced last is told, here and there.
      entries = [
        ['own', 5],
        ['b', 7],
      ];
      hears('b', []);
      hears('a', [['b', 7]]);
    };
    expect(await begin(others)).toBe(false);
    const told = (): void => {
      others();
      hears('a', [['dead', 2]]);
    };
    entries = [
      ['own', 5],
      ['dead', 2],
    ];
    // It has said before that it has what was written here, and has it still.
    expect(await begin(told)).toBe(true);
    entries = [['own', 6]];
    expect(await begin(() => hears('a', []))).toBe(false);
  });

  it('owes what was written here, though it is older than all that a presence has room for', async () => {
    const { hears, begin } = stopping(
      () => [
        ['own', 5],
        ['b', 7],
        ['c', 8],
      ],
      2,
    );
    const live = (): void => {
      for (const origin of ['b', 'c']) hears(origin, [['own', 4]]);
    };
    live();
    expect(await begin(live)).toBe(false);
    const told = (): void => {
      live();
      hears('c', [['own', 5]]);
    };
    expect(await begin(told)).toBe(true);
  });
});
