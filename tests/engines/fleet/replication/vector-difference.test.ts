import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/core/limits.js';
import { ORIGIN_BUCKETS, Origins } from '../../../../src/core/origins.js';
import { PartSet } from '../../../../src/core/parts.js';
import { StageBroken, type Stage } from '../../../../src/core/stage.js';
import { Store } from '../../../../src/core/store.js';
import { BUCKET_DIGESTS_DIGITS, DigestKeys } from '../../../../src/core/vector-digests.js';
import type { VersionVector } from '../../../../src/core/vector.js';
import { WALK_START } from '../../../../src/core/walk.js';
import { StateTransfer } from '../../../../src/engines/fleet/replication/state-transfer.js';
import { defaultFleetTuning, type FleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import { VectorFetch } from '../../../../src/engines/fleet/replication/vector-fetch.js';
import { VectorGiver } from '../../../../src/engines/fleet/replication/vector-giver.js';
import type { StateOpening, VectorReply, VectorRequest } from '../../../../src/ports/bus.js';
import { HandTime } from './support.js';

const SEED = 20_261_126;
const digestKeys = new DigestKeys('frota');
/** Origins of four buckets, so that a bucket holds several. */
const table = new Origins();
const NAMES = Array.from({ length: 4_000 }, (_, i) => `o${i}`)
  .filter((name) => table.bucketAt(table.indexOf(name)) < 4)
  .slice(0, 30);

/** What both sides do between two messages: each advances some origins, the giver never behind what the taker took. */
const step = fc.record({
  at: fc.constantFrom('giver', 'taker'),
  origin: fc.nat(NAMES.length - 1),
  by: fc.integer({ min: 1, max: 3 }),
});
const scenario = fc.record({
  before: fc.array(step, { maxLength: 40 }),
  meanwhile: fc.array(fc.array(step, { maxLength: 3 }), { maxLength: 12 }),
  recents: fc.constantFrom(0, 1, 64),
  openingRecents: fc.constantFrom(0, 1, 1_024),
  pageEntries: fc.constantFrom(1, 2, 1_000),
});

type Step = { readonly at: string; readonly origin: number; readonly by: number };

/** A giver and a taker, each with a store, a table of origins and a way to it of its own. */
class Pair {
  readonly giver = new Store();
  readonly taker = new Store();
  readonly tuning: FleetTuning;
  readonly vectorGiver: VectorGiver;
  readonly time = new HandTime();
  private readonly turns: Step[][];

  constructor(run: {
    readonly before: Step[];
    readonly meanwhile: Step[][];
    readonly recents: number;
    readonly openingRecents: number;
    readonly pageEntries: number;
  }) {
    this.tuning = {
      ...defaultFleetTuning,
      vectorRecents: run.recents,
      openingRecents: run.openingRecents,
      vectorPageEntries: run.pageEntries,
      vectorTries: 50,
    };
    this.vectorGiver = new VectorGiver({
      store: this.giver,
      digestKeys,
      time: this.time,
      tuning: this.tuning,
    });
    // In another order, so that numbers differ.
    for (const name of [...NAMES].reverse()) this.taker.vector.indexOf(name);
    this.turns = [...run.meanwhile];
    this.advance(run.before);
  }

  /** Something happens on both sides, as while a message is on its way. */
  pass(): void {
    this.advance(this.turns.shift() ?? []);
  }

  answer({ ask }: Pick<VectorRequest, 'ask'>): VectorReply {
    const reply =
      'buckets' in ask ? this.vectorGiver.page(ask, Infinity) : this.vectorGiver.compare(ask, Infinity);
    if (!reply) throw new Error('no answer');
    // A message that names an origin twice is dropped.
    expect(new Set(reply.entries.map(([origin]) => origin)).size).toBe(reply.entries.length);
    return { type: 'vectorReply', from: 'g', to: 't', id: 1, ...reply };
  }

  opening(epoch: number): StateOpening {
    const vector = this.vectorGiver.digest(epoch);
    if (!vector) throw new Error('no answer');
    const partHashes = Array.from({ length: 1_024 }, (_, part) => this.giver.partHash(part));
    return { outcome: 'opening', vector, logPosition: 0, partHashes, floors: [], cursor: WALK_START };
  }

  private advance(steps: readonly Step[]): void {
    for (const { at, origin, by } of steps) {
      const { vector } = at === 'giver' ? this.giver : this.taker;
      const index = vector.indexOf(NAMES[origin] as string);
      vector.advance(index, vector.seqAt(index) + by);
    }
  }
}

const sorted = (vector: VersionVector): string => JSON.stringify([...vector.entries()].sort());

describe('a vector by difference', () => {
  it('becomes exactly that of the giver at the opening, whatever both do meanwhile', () => {
    const property = fc.property(scenario, (run) => {
      const pair = new Pair(run);
      const transfer = new StateTransfer('g', false, 0, {
        store: pair.taker,
        digestKeys,
        time: pair.time,
        tuning: pair.tuning,
      });
      const staged = (): Stage | undefined => transfer.stage;
      for (let messages = 0; staged() === undefined; messages++) {
        const { request } = transfer;
        pair.pass();
        const answer =
          request.type === 'vectorRequest' ? pair.answer(request) : pair.opening(request.epoch ?? 0);
        const opened = sorted(pair.giver.vector);
        pair.pass();
        const mine = sorted(pair.taker.vector);
        if ('outcome' in answer) transfer.takeOpening(answer);
        else transfer.takeVector(answer);
        // What is only known of the giver is not applied here.
        expect(sorted(pair.taker.vector)).toBe(mine);
        const stage = staged();
        if (stage) expect(sorted(stage.store.vector)).toBe(opened);
        expect(messages).toBeLessThan(400);
      }
      expect(staged()?.wanted.toString()).toBe(PartSet.none().toString());
    });
    fc.assert(property, { seed: SEED, numRuns: 500 });
  });

  it('never ends for a forged peer, but brings no more names than a fleet may have', () => {
    const tuning = { ...defaultFleetTuning, peerOrigins: 1_000, vectorPageEntries: 500 };
    const store = new Store();
    const time = new HandTime();
    const transfer = new StateTransfer('g', false, 0, { store, digestKeys, time, tuning });
    const digests = 'ab'.repeat(BUCKET_DIGESTS_DIGITS / 2);
    transfer.takeOpening({
      ...{ outcome: 'opening', logPosition: 0, partHashes: [], floors: [], cursor: WALK_START },
      vector: { epoch: 0, digests, recent: [] },
    });
    const buckets = Array.from({ length: ORIGIN_BUCKETS }, (_, bucket) => bucket);
    const forge = (): void => {
      for (let page = 0; page < 100; page++) {
        const entries = Array.from({ length: 500 }, (_, i) => [`f${page * 500 + i}`, 1] as const);
        const head = { type: 'vectorReply', from: 'g', to: 't', id: 1 } as const;
        transfer.takeVector({ ...head, buckets, entries, cursor: page + 1 });
      }
    };
    expect(forge).toThrow(StageBroken);
    expect(store.vector.origins.count).toBeLessThan(tuning.peerOrigins + limits.vectorEntries + 1);
  });

  it('tells an asker of the log everything that it lacked when it asked', () => {
    const property = fc.property(scenario, (run) => {
      const pair = new Pair(run);
      const { vector } = pair.taker;
      const lacking = new Map(
        [...pair.giver.vector.entries()].filter(([origin, seq]) => vector.seqOf(origin) < seq),
      );
      const fetch = new VectorFetch(
        vector,
        digestKeys.of(0),
        vector.recent(run.recents).map(([origin]) => origin),
      );
      for (let isLast = false; !isLast;) {
        const reply = pair.answer({ ask: fetch.ask });
        for (const [origin, seq] of reply.entries)
          if (seq >= (lacking.get(origin) ?? Infinity)) lacking.delete(origin);
        isLast = fetch.take(reply);
        pair.pass();
      }
      expect([...lacking]).toEqual([]);
    });
    fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  it('costs by the difference: one bucket of many, or only what is new', () => {
    const pair = new Pair({
      before: [],
      meanwhile: [],
      recents: 64,
      openingRecents: 1_024,
      pageEntries: 65_536,
    });
    for (let i = 0; i < 20_000; i++)
      for (const { vector } of [pair.giver, pair.taker]) vector.advance(vector.indexOf(`velha-${i}`), 3);
    for (let i = 0; i < 100; i++)
      pair.giver.vector.advance(pair.giver.vector.indexOf(`velha-${19_900 + i}`), 4);
    const few = pair.answer({ ask: new VectorFetch(pair.taker.vector, digestKeys.of(0), []).ask });
    expect(few.buckets.length).toBeGreaterThan(0);
    expect(few.entries.length).toBeLessThan(20_000 / 2);
    pair.taker.vector.clearBuckets(() => true);
    for (const [origin, seq] of pair.giver.vector.entries())
      pair.taker.vector.advance(pair.taker.vector.indexOf(origin), seq);
    pair.giver.vector.advance(pair.giver.vector.indexOf('nova'), 7);
    const one = pair.answer({ ask: new VectorFetch(pair.taker.vector, digestKeys.of(0), []).ask });
    expect([one.buckets, one.entries]).toEqual([[], [['nova', 7]]]);
  });

  it('is given up where it is never that of one moment', () => {
    const pair = new Pair({ before: [], meanwhile: [], recents: 0, openingRecents: 0, pageEntries: 1 });
    const tuning = { ...pair.tuning, vectorTries: 3 };
    const transfer = new StateTransfer('g', false, 0, {
      store: pair.taker,
      digestKeys,
      time: pair.time,
      tuning,
    });
    const tryAll = (): void => {
      for (let i = 0; i < 100; i++) {
        pair.giver.vector.advance(pair.giver.vector.indexOf('a'), i + 1);
        const { request } = transfer;
        if (request.type === 'vectorRequest') transfer.takeVector(pair.answer(request));
        else transfer.takeOpening(pair.opening(request.epoch ?? 0));
      }
    };
    expect(tryAll).toThrow(StageBroken);
  });

  it('is not computed for any hour that somebody names', () => {
    const pair = new Pair({ before: [], meanwhile: [], recents: 0, openingRecents: 0, pageEntries: 1 });
    for (let i = 0; i < 20_000; i++) pair.giver.vector.advance(pair.giver.vector.indexOf(`velha-${i}`), 1);
    pair.time.nowMs = 20_000;
    expect(pair.vectorGiver.digest(1)).toBeDefined();
    expect(pair.vectorGiver.digest(2)).toBeUndefined();
    expect(pair.vectorGiver.digest(1)).toBeDefined();
    pair.time.nowMs += pair.tuning.foreignHourMs;
    expect(pair.vectorGiver.digest(2)).toBeDefined();
  });
});
