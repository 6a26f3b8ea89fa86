import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Origin, VectorEntries } from '../../../../src/core/dot.js';
import { lastSeq, type Batch, type Mutation } from '../../../../src/core/mutation.js';
import { Road } from './support.js';

/** Everything that was ever published, and what follows from it. */
class History {
  private readonly batches = new Map<Origin, Batch[]>();
  readonly order: Batch[] = [];

  add(batch: Batch): void {
    this.batches.set(batch.origin, [...(this.batches.get(batch.origin) ?? []), batch]);
    this.order.push(batch);
  }

  /** Everything that these dots imply, with themselves, by the causes of all batches up to them. */
  closure(dots: VectorEntries): Map<Origin, number> {
    const implied = new Map<Origin, number>();
    const waiting = [...dots];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [origin, seq] = next;
      if ((implied.get(origin) ?? 0) >= seq) continue;
      implied.set(origin, seq);
      for (const batch of this.batches.get(origin) ?? []) {
        if (batch.first <= seq) waiting.push(...batch.dependencies);
      }
    }
    return implied;
  }
}

const SERVERS = 4;

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), at: fc.nat(SERVERS - 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('publish' as const), at: fc.nat(SERVERS - 1) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      at: fc.nat(SERVERS - 1),
      which: fc.nat(999),
      count: fc.nat(8),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      at: fc.nat(SERVERS - 1),
      from: fc.nat(SERVERS - 1),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Fleet {
  readonly history = new History();
  readonly roads: readonly Road[];
  private readonly seen = new Map<Road, number>();

  constructor(readonly decidesEarly: boolean) {
    this.roads = Array.from({ length: SERVERS }, (_, i) => new Road(`o${i}`, {}, decidesEarly));
  }

  play(move: Step): void {
    const road = this.roads[move.at]!;
    if (move.kind === 'write') {
      road.write('k');
    } else if (move.kind === 'publish') {
      this.publish(road);
    } else if (move.kind === 'deliver') {
      const { order } = this.history;
      for (let i = 0; i < move.count && order.length > 0; i++) {
        const batch = order[(move.which + i) % order.length]!;
        if (batch.origin !== road.origin) road.receive(batch);
      }
    } else if (move.from !== move.at) this.join(road, this.roads[move.from]!);
    this.collect(road);
  }

  /** Closes the open batch, as the end of a turn does. */
  publish(road: Road): void {
    road.outbox.close();
    this.collect(road);
  }

  /** What a road has published so far, also where a delivery closed its batch. */
  collect(road: Road): void {
    const sent = road.bus.sent;
    while (road.bus.inFlight > 0) road.bus.settleOne();
    for (const batch of sent.slice(this.seen.get(road) ?? 0)) this.history.add(batch);
    this.seen.set(road, sent.length);
  }

  /** Takes over everything that another has, without its batches: as a joined state. */
  private join(road: Road, giver: Road): void {
    this.publish(giver);
    this.publish(road);
    const { vector } = road.store;
    const before = new Map(vector.entries());
    const all = [...this.history.order];
    for (let progress = true; progress;) {
      progress = false;
      for (const batch of all) {
        const upTo = Math.min(lastSeq(batch), giver.store.vector.seqOf(batch.origin));
        const next = vector.seqOf(batch.origin) + 1;
        if (batch.origin === road.origin || next < batch.first || next > upTo) continue;
        for (let seq = next; seq <= upTo; seq++) {
          road.store.apply(batch.origin, seq, batch.mutations[seq - batch.first] as Mutation);
        }
        progress = true;
      }
    }
    const advanced = vector.entries().filter(([origin, seq]) => (before.get(origin) ?? 0) < seq);
    if (advanced.length > 0) road.causes.noteJoined(advanced);
    road.receiver.applyHeld();
  }
}

function sorted(entries: Iterable<readonly [Origin, number]>): unknown {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('the causal frontier', () => {
  it('implies exactly what is in the vector, under any schedule', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 120, size: 'max' }), (steps) => {
        const fleet = new Fleet(false);
        for (const move of steps) {
          fleet.play(move);
          const road = fleet.roads[move.at]!;
          const frontier = road.causes.frontier.entries();
          for (const [origin, seq] of frontier) expect(road.store.vector.seqOf(origin)).toBe(seq);
          // What is in the open batch is implied by what it will be published with.
          const open = Reflect.get(road.outbox, 'open') as { dependencies: VectorEntries } | undefined;
          const closure = fleet.history.closure([...frontier, ...(open?.dependencies ?? [])]);
          expect(sorted(closure)).toEqual(sorted(road.store.vector.entries()));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is one dot where everybody has read what the others wrote', () => {
    const fleet = new Fleet(false);
    const [a, b] = [fleet.roads[0]!, fleet.roads[1]!];
    for (let i = 0; i < 3; i++) {
      a.write('k');
      fleet.publish(a);
      b.receive(fleet.history.order.at(-1)!);
      b.write('k');
      fleet.publish(b);
      a.receive(fleet.history.order.at(-1)!);
    }
    expect(a.causes.frontier.entries()).toEqual([['o1', 3]]);
    expect(b.causes.frontier.entries()).toEqual([['o1', 3]]);
  });

  it('keeps what came as a state until a batch names it', () => {
    const fleet = new Fleet(false);
    const [a, b, c] = [fleet.roads[0]!, fleet.roads[1]!, fleet.roads[2]!];
    a.write('k');
    fleet.publish(a);
    b.receive(fleet.history.order[0]!);
    b.write('k');
    fleet.publish(b);
    fleet.play({ kind: 'join', at: 2, from: 1 });
    expect(sorted(c.causes.frontier.entries())).toEqual([
      ['o0', 1],
      ['o1', 1],
    ]);
    c.write('k');
    expect(c.causes.frontier.entries()).toEqual([['o2', 1]]);
  });

  it('implies no more than what a write had seen when it was decided, where that is earlier than it is applied', () => {
    const arbitrary = fc.array(fc.record({ move: step, decides: fc.boolean() }), {
      minLength: 30,
      maxLength: 120,
      size: 'max',
    });
    fc.assert(
      fc.property(arbitrary, (steps) => {
        const fleet = new Fleet(true);
        // What each server knew when it decided what it writes next: what its disk holds with that write.
        const decided = fleet.roads.map(() => new Map<Origin, number>());
        const known = fleet.roads.map(() => new Map<string, Map<Origin, number>>());
        for (const { move, decides } of steps) {
          const road = fleet.roads[move.at]!;
          if (decides) {
            road.outbox.seal();
            fleet.collect(road);
            decided[move.at] = new Map(road.store.vector.entries());
          }
          fleet.play(move);
          const seq = road.store.vector.seqOf(road.origin);
          if (move.kind === 'write') known[move.at]!.set(String(seq), decided[move.at]!);
        }
        for (const [i, road] of fleet.roads.entries()) {
          fleet.publish(road);
          for (const [seq, onDisk] of known[i]!) {
            for (const [origin, implied] of fleet.history.closure([[road.origin, Number(seq)]])) {
              if (origin !== road.origin) expect(onDisk.get(origin) ?? 0).toBeGreaterThanOrEqual(implied);
            }
          }
          const closure = fleet.history.closure(road.causes.frontier.entries());
          expect(sorted(closure)).toEqual(sorted(road.store.vector.entries()));
        }
      }),
      { numRuns: 300 },
    );
  });
});
