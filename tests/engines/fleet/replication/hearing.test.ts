import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/core/limits.js';
import { Peers } from '../../../../src/engines/fleet/replication/peers.js';
import { defaultFleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import type { PresenceMessage } from '../../../../src/ports/bus.js';
import { vectorOf } from '../../../support/vector-of.js';
import { HandTime } from './support.js';

const EVERY_MS = 2_000;

/** Servers that announce themselves in turn, each heard only where it is not deaf to. */
class Announcing {
  readonly time = new HandTime();
  readonly peers: ReadonlyMap<string, Peers>;
  readonly lastOf = new Map<string, PresenceMessage>();
  /** `BA`: B does not hear A. */
  readonly deaf = new Set<string>();
  private number = 0;

  constructor(readonly names: string) {
    this.peers = new Map(Array.from(names, (name) => [name, new Peers(name, this.time, defaultFleetTuning)]));
  }

  of(name: string): Peers {
    return this.peers.get(name)!;
  }

  /** @param looked where somebody looks meanwhile */
  run(rounds: number, looked = ''): void {
    for (let round = 0; round < rounds; round++) {
      for (const name of looked) this.of(name).hearing.look(3 * EVERY_MS);
      for (const [name, { hearing }] of this.peers) this.announce(name, hearing.fields());
      this.time.nowMs += EVERY_MS;
    }
  }

  /** Whom `name` hears, as `viewer` knows. */
  seen(viewer: string, name: string): readonly string[] | undefined {
    const known = this.of(viewer).get(name)?.presence;
    return known && this.of(viewer).hearing.heardBy(known)?.toSorted();
  }

  private announce(origin: string, told: Partial<PresenceMessage>): void {
    const vectorDigest = vectorOf([]).digest();
    const base = {
      address: '',
      state: 'serving',
      wallMs: 0,
      storeHash: '',
      recent: [],
      vectorDigest,
    } as const;
    const presence = { type: 'presence', origin, number: ++this.number, ...base, ...told } as const;
    this.lastOf.set(origin, presence);
    for (const [name, peers] of this.peers)
      if (name !== origin && !this.deaf.has(name + origin)) peers.note(presence);
  }
}

describe('who hears whom', () => {
  it('is not told while nobody looks', () => {
    const fleet = new Announcing('ABC');
    fleet.run(10);
    for (const presence of fleet.lastOf.values()) {
      expect(presence).not.toHaveProperty('looks');
      expect(presence).not.toHaveProperty('hears');
    }
  });

  it('is told by all while somebody looks at one, and by none soon after', () => {
    const fleet = new Announcing('ABC');
    fleet.run(3, 'A');
    expect(fleet.seen('A', 'B')).toEqual(['A', 'C']);
    expect(fleet.seen('A', 'C')).toEqual(['A', 'B']);
    // Nobody looks at these: they answer, and do not ask.
    expect(fleet.seen('B', 'A')).toEqual(['B', 'C']);
    fleet.run(30);
    for (const presence of fleet.lastOf.values()) expect(presence.hears ?? presence.looks).toBeUndefined();
  });

  it('is told to two at once, at different servers', () => {
    const fleet = new Announcing('ABC');
    fleet.run(4, 'AB');
    for (const viewer of 'AB') expect(fleet.seen(viewer, 'C')).toEqual(['A', 'B']);
    expect(fleet.seen('A', 'B')).toEqual(['A', 'C']);
    expect(fleet.seen('B', 'A')).toEqual(['B', 'C']);
  });

  it('is right where one hears another that does not hear it, and a third hears both', () => {
    const fleet = new Announcing('ABC');
    fleet.run(3, 'A');
    fleet.deaf.add('BA');
    fleet.run(8, 'A');
    expect(fleet.seen('A', 'B')).toEqual(['C']);
    expect(fleet.seen('A', 'C')).toEqual(['A', 'B']);
    fleet.deaf.clear();
    fleet.run(2, 'A');
    expect(fleet.seen('A', 'B')).toEqual(['A', 'C']);
  });

  it('is right where one hears another from which nothing could ask it', () => {
    const fleet = new Announcing('AB');
    fleet.run(3, 'A');
    expect(fleet.seen('A', 'B')).toEqual(['A']);
    fleet.deaf.add('BA');
    fleet.run(12, 'A');
    expect(fleet.seen('A', 'B')).toEqual([]);
  });

  it('is not known of one that never said it: an older version, or one that was deaf all along', () => {
    const fleet = new Announcing('AB');
    fleet.deaf.add('BA');
    fleet.run(20, 'A');
    expect(fleet.seen('A', 'B')).toBeUndefined();
  });

  it('is asked for once a look begins, and told as soon as it is asked for', () => {
    const fleet = new Announcing('AB');
    const news: string[] = [];
    for (const [name, { hearing }] of fleet.peers) hearing.onNews = () => news.push(name);
    fleet.run(5, 'A');
    // A hears in B's answer that it is asked itself.
    expect(news).toEqual(['A', 'B', 'A']);
    fleet.run(20);
    fleet.run(5, 'A');
    expect(news).toEqual(['A', 'B', 'A', 'A', 'B', 'A']);
  });

  it('names no more than a presence may, those heard last', () => {
    const fleet = new Announcing('A');
    const own = fleet.of('A');
    const base = {
      ...{ type: 'presence', address: '', state: 'serving', wallMs: 0 },
      storeHash: '',
      recent: [],
    };
    for (let at = 0; at <= limits.presenceEntries; at++)
      own.note({ ...base, vectorDigest: '', origin: `S${at}`, looks: 3 } as unknown as PresenceMessage);
    const { hears } = own.hearing.fields();
    expect(hears).toHaveLength(limits.presenceEntries);
    expect(hears).not.toContain('S0');
  });

  it("whatever numbers others say, it is passed on as often as one's own, and ends", () => {
    const fleet = new Announcing('ABC');
    const base = {
      ...{ type: 'presence', address: '', state: 'serving', wallMs: 0 },
      storeHash: '',
      recent: [],
    };
    for (const [, peers] of fleet.peers)
      peers.note({ ...base, vectorDigest: '', origin: 'X', looks: 8 } as unknown as PresenceMessage);
    fleet.run(1);
    for (const presence of fleet.lastOf.values()) expect(presence.looks).toBe(2);
    fleet.run(25);
    for (const presence of fleet.lastOf.values()) expect(presence.hears).toBeUndefined();
  });
});
