import { describe, expect, it } from 'vitest';
import { lastSeq } from '../../../../src/core/mutation.js';
import { VersionVector } from '../../../../src/core/vector.js';
import { RecentLog } from '../../../../src/engines/fleet/replication/log.js';
import { defaultFleetTuning, type FleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import { jsonCodec } from '../../../support/loopback-bus.js';
import { batch } from './support.js';

/** A log with the vector of its server. */
class Kept {
  readonly vector = new VersionVector();
  readonly log: RecentLog;

  constructor(tuning: Partial<FleetTuning> = {}) {
    this.log = new RecentLog(jsonCodec, { ...defaultFleetTuning, ...tuning }, this.vector.origins);
  }

  append(origin: string, first: number, count = 1, bytes = 10): void {
    const added = batch(origin, first, count);
    this.log.append(added, jsonCodec.pack(added), bytes);
    this.vector.advance(this.vector.indexOf(origin), lastSeq(added));
  }

  join(origin: string, seq: number): void {
    const before = this.vector.copy();
    this.vector.advance(this.vector.indexOf(origin), seq);
    this.log.noteJoin(this.vector, before);
  }

  missing(theirs: Readonly<Record<string, number>>, pageBytes = Infinity): string[] | undefined {
    const page = this.log.missing(this.vector, new Map(Object.entries(theirs)), pageBytes);
    return page?.batches.map((b) => `${b.origin}${b.first}`);
  }
}

describe('RecentLog', () => {
  it('gives what a peer lacks, in the order of application, and nothing else', () => {
    const kept = new Kept();
    kept.append('a', 1, 2);
    kept.append('b', 1);
    kept.append('a', 3);
    expect(kept.missing({})).toEqual(['a1', 'b1', 'a3']);
    expect(kept.missing({ a: 1 })).toEqual(['a1', 'b1', 'a3']);
    expect(kept.missing({ a: 2 })).toEqual(['b1', 'a3']);
    expect(kept.missing({ a: 3, b: 1 })).toEqual([]);
    expect(kept.missing({ a: 9, b: 9, c: 9 })).toEqual([]);
  });

  it.each<[string, Partial<FleetTuning>]>([
    ['batches', { logBatches: 2 }],
    ['bytes', { logBytes: 20 }],
    ['mutations', { logMutations: 2 }],
  ])('is bounded in %s, and then sends who is too far behind to the state', (_, tuning) => {
    const kept = new Kept(tuning);
    for (let seq = 1; seq <= 5_000; seq++) kept.append('a', seq);
    expect(kept.missing({ a: 4_997 })).toBeUndefined();
    expect(kept.missing({ a: 4_998 })).toEqual(['a4999', 'a5000']);
    expect(kept.log.position).toBe(5_000);
    expect(kept.log.since(4_998, Infinity)?.batches).toHaveLength(2);
    expect(kept.log.since(4_997, Infinity)).toBeUndefined();
  });

  it('keeps the newest batch, however large', () => {
    const kept = new Kept({ logBytes: 5 });
    kept.append('a', 1, 1, 1_000);
    expect(kept.missing({})).toEqual(['a1']);
  });

  it('cannot give what came by joining a state', () => {
    const kept = new Kept();
    kept.append('a', 1);
    kept.join('b', 7);
    kept.append('b', 8);
    expect(kept.missing({ a: 1, b: 6 })).toBeUndefined();
    expect(kept.missing({ a: 1, b: 7 })).toEqual(['b8']);
    expect(kept.missing({ b: 7 })).toEqual(['a1', 'b8']);
  });

  it('tells nobody to go on over a join', () => {
    const kept = new Kept();
    kept.append('a', 1);
    const position = kept.log.position;
    expect(kept.log.since(position, Infinity)?.batches).toEqual([]);
    kept.join('b', 1);
    expect(kept.log.since(position, Infinity)).toBeUndefined();
    expect(kept.log.since(kept.log.position, Infinity)?.batches).toEqual([]);
    expect(kept.log.since(kept.log.position + 1, Infinity)).toBeUndefined();
  });

  it('closes pages before they are too large, with at least one batch, and goes on from there', () => {
    const kept = new Kept();
    for (let seq = 1; seq <= 10; seq++) kept.append('a', seq, 1, seq === 3 ? 100 : 10);
    const firsts: number[] = [];
    let pages = 0;
    for (let position = 0; ;) {
      const page = kept.log.since(position, 25);
      expect(page).toBeDefined();
      if (!page) return;
      if (page.batches.length > 1) expect(page.bytes).toBeLessThanOrEqual(25);
      firsts.push(...page.batches.map((b) => b.first));
      position = page.position;
      pages++;
      if (!page.more) break;
    }
    expect(firsts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(pages).toBeGreaterThan(4);
    expect(kept.missing({ a: 2 }, 25)).toEqual(['a3']);
  });
});
