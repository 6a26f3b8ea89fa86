import { describe, expect, it } from 'vitest';
import type { Origin, VectorEntries } from '../../../../src/core/dot.js';
import type { SessionToken } from '../../../../src/core/session-token.js';
import { VersionVector } from '../../../../src/core/vector.js';
import type { ConfirmMessage, Message, PresenceState } from '../../../../src/ports/bus.js';
import { SessionWaiters } from '../../../../src/engines/session-waiters.js';
import { Confirmations } from '../../../../src/engines/fleet/replication/confirmations.js';
import { Peers } from '../../../../src/engines/fleet/replication/peers.js';
import { defaultFleetTuning, type FleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import { ConfirmationReplier } from '../../../../src/engines/fleet/replication/confirmation-replier.js';
import { ManualTime } from '../bus/manual-time.js';

const vectorOf = (...entries: VectorEntries): VersionVector => {
  const vector = new VersionVector();
  for (const [origin, seq] of entries) vector.advance(vector.indexOf(origin), seq);
  return vector;
};

/** What a promise has come to, when everything that can go on has gone on. */
async function outcome<T>(promise: T | Promise<T>): Promise<T | 'waits'> {
  await new Promise((resolve) => setImmediate(resolve));
  return Promise.race([promise, Promise.resolve('waits' as const)]);
}

describe('sessions that wait', () => {
  function open(tuning: Partial<FleetTuning> = {}) {
    const store = { vector: vectorOf(['a', 1]) };
    const time = new ManualTime();
    let asked = 0;
    const arrivals = new SessionWaiters(store, time, { ...defaultFleetTuning, ...tuning }, () => asked++);
    const apply = (origin: Origin, seq: number): void => {
      store.vector.advance(store.vector.indexOf(origin), seq);
      arrivals.advanced(origin);
    };
    return { store, time, arrivals, apply, asked: () => asked };
  }
  const token = (...entries: VectorEntries): SessionToken => ({ entries });

  it('are let go in the moment in which the last of what they lack is here', async () => {
    const { arrivals, apply, asked, time } = open();
    const waiting = arrivals.wait(token(['a', 2], ['b', 1]), 100);
    expect([arrivals.isWaiting, asked()]).toEqual([true, 1]);
    apply('b', 1);
    expect(await outcome(waiting)).toBe('waits');
    apply('a', 2);
    expect(await outcome(waiting)).toBe(true);
    expect([arrivals.isWaiting, time.pending]).toEqual([false, 0]);
  });

  it('are told when it did not come in time, and leave nothing behind', async () => {
    const { arrivals, apply, time } = open();
    const late = arrivals.wait(token(['a', 3]), 100);
    const patient = arrivals.wait(token(['a', 3]), 200);
    time.advance(100);
    expect(await outcome(late)).toBe(false);
    apply('a', 3);
    expect(await outcome(patient)).toBe(true);
    expect([arrivals.isWaiting, time.pending]).toEqual([false, 0]);
  });

  it('are answered by a state that was joined, also where the vector is another object then', async () => {
    const { arrivals, store } = open();
    const waiting = arrivals.wait(token(['a', 9], ['z', 4]), 100);
    store.vector = vectorOf(['a', 9], ['z', 4]);
    arrivals.advanced(undefined);
    expect(await outcome(waiting)).toBe(true);
  });

  it('are not more than so many', async () => {
    const { arrivals, apply, time } = open({ sessionWaiters: 2 });
    const [first, second, third] = [1, 2, 3].map(() => arrivals.wait(token(['a', 2]), 100));
    expect(await outcome(third)).toBe(false);
    apply('a', 2);
    expect(await Promise.all([first, second])).toEqual([true, true]);
    // And their places are free again.
    const next = arrivals.wait(token(['a', 3]), 100);
    expect(await outcome(next)).toBe('waits');
    time.advance(100);
    expect(await outcome(next)).toBe(false);
  });
});

describe('writes that wait for confirmations', () => {
  function open(...peersHere: readonly (readonly [Origin, PresenceState])[]) {
    const time = new ManualTime();
    const peers = new Peers('own', time, defaultFleetTuning);
    const asked: (number | undefined)[] = [];
    const settle: (() => void)[] = [];
    const confirmations: Confirmations = new Confirmations(peers, time, defaultFleetTuning, (settled) => {
      asked.push(confirmations.awaited);
      settle.push(settled);
    });
    for (const [origin, state] of peersHere) {
      peers.note({
        ...{ type: 'presence', address: '', wallMs: 0, vectorDigest: '', storeHash: '', recent: [] },
        ...{ origin, state },
      });
    }
    return { time, confirmations, asked, settle };
  }

  it('are answered by as many servers as they asked for, each with what it said', async () => {
    const { confirmations, time } = open(['b', 'serving'], ['c', 'serving'], ['d', 'draining']);
    const one = confirmations.wait(5, 1, 1_000);
    const three = confirmations.wait(7, 3, 1_000);
    confirmations.confirmed('b', 5);
    expect(await outcome(one)).toBe(1);
    confirmations.confirmed('c', 7);
    confirmations.confirmed('b', 7);
    // The same server twice counts once.
    confirmations.confirmed('b', 7);
    expect(await outcome(three)).toBe('waits');
    confirmations.confirmed('d', 9);
    expect(await outcome(three)).toBe(3);
    // What they hold already nobody asks again.
    expect(confirmations.wait(7, 3, 1_000)).toBe(3);
    expect(confirmations.awaited).toBeUndefined();
    time.advance(10_000);
    expect(time.pending).toBe(0);
  });

  it('are told how many there were when the time is up', async () => {
    const { confirmations, time } = open(['b', 'serving'], ['c', 'serving']);
    const waiting = confirmations.wait(4, 2, 500);
    confirmations.confirmed('b', 4);
    confirmations.confirmed('c', 3);
    time.advance(500);
    expect(await outcome(waiting)).toBe(1);
    expect(confirmations.awaited).toBeUndefined();
  });

  it('are not confirmed by who is not there, or not yet whole', async () => {
    const { confirmations } = open(['b', 'joining']);
    const waiting = confirmations.wait(1, 1, 500);
    confirmations.confirmed('b', 1);
    confirmations.confirmed('estranho', 1);
    expect(await outcome(waiting)).toBe('waits');
  });

  it('ask one question for all of one turn, and again while nobody answers', () => {
    const { confirmations, time, asked, settle } = open(['b', 'serving']);
    for (let seq = 1; seq <= 100; seq++) void confirmations.wait(seq, 1, 60_000);
    time.advance(0);
    expect(asked).toEqual([100]);
    // While a question is under way no other is asked.
    void confirmations.wait(101, 1, 60_000);
    time.advance(0);
    expect(asked).toEqual([100]);
    settle[0]!();
    time.advance(0);
    expect(asked).toEqual([100, 101]);
    settle[1]!();
    time.advance(defaultFleetTuning.confirmRepeatMs);
    expect(asked).toEqual([100, 101, 101]);
    confirmations.confirmed('b', 101);
    time.advance(60_000);
    expect(asked).toHaveLength(3);
  });

  it('say when they are too many', () => {
    const { confirmations } = open();
    for (let seq = 1; seq < defaultFleetTuning.confirmWaiters; seq++) void confirmations.wait(seq, 1, 1_000);
    expect(confirmations.isFull).toBe(false);
    void confirmations.wait(defaultFleetTuning.confirmWaiters, 1, 1_000);
    expect(confirmations.isFull).toBe(true);
  });
});

describe('a witness', () => {
  function open() {
    const time = new ManualTime();
    const sent: ConfirmMessage[] = [];
    const settled: (() => void)[] = [];
    const kept: (() => void)[] = [];
    const state = { speaks: true, onDisk: true };
    const store = { vector: vectorOf(['w', 1]) };
    const publish = (message: Message, done?: (taken: boolean) => void): void => {
      if (message.type === 'confirm') sent.push(message);
      if (done) settled.push(() => done(true));
    };
    const witness = new ConfirmationReplier({
      ...{ self: 'eu', store, time, tuning: defaultFleetTuning },
      bus: { connected: true, publish, pack: noCodec, unpack: noCodec, start: noop, stop: noStop },
      whenDurable: (call) => {
        if (state.onDisk) call();
        else kept.push(call);
      },
      maySpeak: () => state.speaks,
    });
    const apply = (seq: number): void => {
      store.vector.advance(store.vector.indexOf('w'), seq);
      witness.advanced('w');
      time.advance(0);
    };
    const ask = (seq: number): void => {
      witness.noteQuestion('w', seq);
      time.advance(0);
    };
    return { witness, store, state, kept, sent, settled, apply, ask, time };
  }

  it('says what it holds, and again when it holds what it was asked for', () => {
    const { ask, apply, sent, settled } = open();
    ask(3);
    expect(sent).toEqual([{ type: 'confirm', from: 'eu', to: 'w', seq: 1 }]);
    // One message at a time.
    apply(2);
    expect(sent).toHaveLength(1);
    settled.shift()!();
    apply(3);
    expect(sent.map(({ seq }) => seq)).toEqual([1, 3]);
    settled.shift()!();
    // Nobody waits any more.
    apply(4);
    expect(sent).toHaveLength(2);
    // A repeated question: the answer was lost.
    ask(3);
    expect(sent.map(({ seq }) => seq)).toEqual([1, 3, 4]);
  });

  it('says nothing that is not on its disk', () => {
    const { ask, state, kept, sent } = open();
    state.onDisk = false;
    ask(1);
    expect(sent).toEqual([]);
    kept.shift()!();
    expect(sent).toMatchObject([{ seq: 1 }]);
  });

  it('is silent while it joins, and when it has left meanwhile', () => {
    const { ask, state, kept, sent } = open();
    state.speaks = false;
    ask(1);
    expect(sent).toEqual([]);
    [state.speaks, state.onDisk] = [true, false];
    ask(1);
    state.speaks = false;
    kept.shift()!();
    expect(sent).toEqual([]);
  });

  it('follows a store that has adopted a state, whose vector is another', () => {
    const { ask, store, witness, sent, settled, time } = open();
    ask(5);
    settled.shift()!();
    store.vector = vectorOf(['w', 5]);
    witness.advanced(undefined);
    time.advance(0);
    expect(sent.map(({ seq }) => seq)).toEqual([1, 5]);
  });
});

function noop(): void {
  return;
}

function noCodec(): never {
  throw new Error('nothing is packed here');
}

function noStop(): Promise<void> {
  return Promise.resolve();
}
