import { describe, expect, it } from 'vitest';
import { batch, Road } from './support.js';

describe('Outbox', () => {
  it('sends all mutations of one turn in one batch', () => {
    const road = new Road('w');
    for (let i = 0; i < 5; i++) road.write('k');
    expect(road.bus.sent).toEqual([]);
    road.time.endTurn();
    expect(road.bus.sent.map((b) => [b.first, b.mutations.length])).toEqual([[1, 5]]);
    road.write('k');
    road.time.endTurn();
    expect(road.bus.sent.map((b) => b.first)).toEqual([1, 6]);
  });

  it('closes a batch at its limits', () => {
    const road = new Road('w', { outboxBatches: 8, batchMutations: 3 });
    for (let i = 0; i < 7; i++) road.write('k');
    road.time.endTurn();
    expect(road.bus.sent.map((b) => b.mutations.length)).toEqual([3, 3, 1]);
    const small = new Road('w', { outboxBatches: 8, batchBytes: 1_000 });
    for (let i = 0; i < 3; i++) small.write('k', 'x'.repeat(600));
    small.time.endTurn();
    expect(small.bus.sent).toHaveLength(3);
  });

  /**
   * Behind a full window a batch stays open over turns. Had a remote batch been applied meanwhile, a later mutation of
   * the open batch would have a cause that the batch does not name: others would show an effect without its cause.
   */
  it('closes the open batch before anything remote is applied, and names it in the next', () => {
    const road = new Road('w', { outboxBatches: 1 });
    road.write('k');
    road.time.endTurn();
    road.write('k');
    road.time.endTurn();
    expect(road.bus.sent).toHaveLength(1);
    road.receive(batch('r', 1, 2));
    road.write('k');
    road.time.endTurn();
    while (road.bus.inFlight > 0) {
      road.bus.settleOne();
      road.time.endTurn();
    }
    expect(road.bus.sent.map((b) => [b.first, b.mutations.length, b.dependencies])).toEqual([
      [1, 1, []],
      [2, 1, []],
      [3, 1, [['r', 2]]],
    ]);
    expect(road.logged()?.map((b) => `${b.origin}${b.first}`)).toEqual(['w1', 'w2', 'r1', 'w3']);
  });

  it('grows one batch while the window is full, and loses nothing', () => {
    const road = new Road('w', { outboxBatches: 2 });
    for (let i = 0; i < 10; i++) {
      road.write('k');
      road.time.endTurn();
      expect(road.bus.inFlight).toBeLessThanOrEqual(2);
    }
    expect(road.outbox.isIdle).toBe(false);
    while (road.bus.inFlight > 0) {
      road.bus.settleOne();
      road.time.endTurn();
    }
    expect(road.bus.sent.map((b) => b.mutations.length)).toEqual([1, 1, 8]);
    expect(road.outbox.isIdle).toBe(true);
  });

  it('queues no more than it may; the rest is in the log', () => {
    const road = new Road('w', { outboxBatches: 1, outboxQueuedBatches: 3, batchMutations: 1 });
    for (let i = 0; i < 50; i++) road.write('k');
    road.time.endTurn();
    while (road.bus.inFlight > 0) {
      road.bus.settleOne();
      road.time.endTurn();
    }
    expect(road.bus.sent.length).toBeLessThan(10);
    expect(road.logged()).toHaveLength(50);
  });

  it('queues no more bytes than it may', () => {
    const tuning = { outboxBatches: 1, outboxQueuedBytes: 3_000, batchMutations: 1 };
    const road = new Road('w', tuning);
    for (let i = 0; i < 50; i++) road.write('k', 'x'.repeat(1_000));
    road.time.endTurn();
    while (road.bus.inFlight > 0) {
      road.bus.settleOne();
      road.time.endTurn();
    }
    expect(road.bus.sent.length).toBeLessThan(6);
  });

  it('keeps nothing but its log while there is no broker', () => {
    const road = new Road('w', { logBatches: 4 });
    road.bus.connected = false;
    for (let i = 0; i < 100; i++) {
      road.write('k');
      road.time.endTurn();
    }
    expect(road.bus.sent).toEqual([]);
    expect(road.outbox.isIdle).toBe(true);
    expect(road.log.missing(road.store.vector, new Map([['w', 96]]), Infinity)?.batches).toHaveLength(4);
    road.bus.connected = true;
    road.write('k');
    road.time.endTurn();
    expect(road.bus.sent.map((b) => b.first)).toEqual([101]);
  });
});
