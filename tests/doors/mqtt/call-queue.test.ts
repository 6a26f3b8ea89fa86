import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallQueue, untilDone } from '../../../src/doors/mqtt/call-queue.js';
import { mqttDoorLimits } from '../../../src/doors/mqtt/limits.js';

/** A call that is under way until it is told that it is done. */
interface Slow {
  readonly number: number;
  readonly key: string | undefined;
  readonly size: number;
  run(): Promise<void> | undefined;
}

function stand(keepsOrder = false) {
  const queue = new CallQueue<Slow>(keepsOrder);
  const begun: number[] = [];
  const finish = new Map<number, () => void>();
  let number = 0;
  const slow = (key?: string, size = 1): Slow => {
    const own = number++;
    return {
      ...{ number: own, key, size },
      run: () => {
        begun.push(own);
        return new Promise((resolve) => finish.set(own, resolve));
      },
    };
  };
  const end = async (own: number): Promise<void> => {
    finish.get(own)?.();
    finish.delete(own);
    for (let i = 0; i < 4; i++) await Promise.resolve();
  };
  return { queue, begun, finish, slow, end };
}

describe('calls that wait for their turn', () => {
  it('are done one after the other for one key, and at once for others', async () => {
    const { queue, begun, slow, end } = stand();
    for (const key of ['a', 'a', 'b', undefined, 'a']) queue.add(slow(key));
    expect(begun).toEqual([0, 2, 3]);
    await end(0);
    expect(begun).toEqual([0, 2, 3, 1]);
    await end(1);
    expect(begun).toEqual([0, 2, 3, 1, 4]);
    for (const one of [2, 3, 4]) await end(one);
    expect(queue.size).toBe(0);
  });

  it('do not wait where the engine keeps the order itself', () => {
    const { queue, begun, slow } = stand(true);
    for (const key of ['a', 'a', 'a']) queue.add(slow(key));
    expect(begun).toEqual([0, 1, 2]);
  });

  it('are bounded in number and bytes, those under way included', async () => {
    const { queue, slow, end } = stand();
    const { waitingMessages, waitingBytes } = mqttDoorLimits;
    expect(queue.add(slow('a', waitingBytes))).toBe(true);
    expect(queue.add(slow('b', 1))).toBe(false);
    await end(0);
    for (let i = 0; i < waitingMessages; i++) expect(queue.add(slow('a', 0))).toBe(true);
    expect(queue.add(slow('a', 0))).toBe(false);
    expect(queue.size).toBe(waitingMessages);
  });

  it('that have not begun are given back in the order of their keys', async () => {
    const { queue, begun, slow, end } = stand();
    const keys = ['a', 'a', 'b', 'a', 'b'];
    for (const key of keys) queue.add(slow(key));
    expect(queue.takeWaiting().map(({ number }) => number)).toEqual([1, 3, 4]);
    expect(queue.size).toBe(2);
    for (const one of [0, 2]) await end(one);
    expect(begun).toEqual([0, 2]);
    // It goes on with what comes afterwards.
    queue.add(slow('a'));
    expect(begun).toEqual([0, 2, 5]);
  });

  it('are each done once, those of a key in order, and never too many at once', async () => {
    const step = fc.oneof(
      fc.record({ key: fc.constantFrom('a', 'b', 'c', undefined), isSlow: fc.boolean() }),
      fc.constant('end' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const { queue, begun, finish, slow, end } = stand();
        const keys: (string | undefined)[] = [];
        for (const one of steps) {
          if (one === 'end') {
            const [first] = finish.keys();
            if (first !== undefined) await end(first);
            continue;
          }
          const call = slow(one.key);
          keys.push(one.key);
          const run = one.isSlow ? call.run : () => void begun.push(call.number);
          expect(queue.add({ ...call, run })).toBe(true);
          const underWay = [...finish.keys()]
            .map((number) => keys[number])
            .filter((key) => key !== undefined);
          expect(new Set(underWay).size).toBe(underWay.length);
        }
        while (finish.size > 0) await end([...finish.keys()][0]!);
        expect([...begun].sort((a, b) => a - b)).toEqual(keys.map((_, i) => i));
        for (const key of ['a', 'b', 'c']) {
          const own = begun.filter((number) => keys[number] === key);
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
        expect(queue.size).toBe(0);
      }),
    );
  });

  it('under way are so many and no more', async () => {
    const { queue, begun, slow, end } = stand();
    for (let i = 0; i <= mqttDoorLimits.callsAtOnce; i++) queue.add(slow());
    expect(begun).toHaveLength(mqttDoorLimits.callsAtOnce);
    await end(0);
    expect(begun).toHaveLength(mqttDoorLimits.callsAtOnce + 1);
  });
});

describe('something that says when it is done', () => {
  it('takes no promise if it is already', async () => {
    expect(untilDone((done) => done())).toBeUndefined();
    let finish: () => void = () => undefined;
    let isOver = false;
    const waiting = untilDone((done) => (finish = done))?.then(() => (isOver = true));
    expect(isOver).toBe(false);
    finish();
    await waiting;
    expect(isOver).toBe(true);
  });
});
