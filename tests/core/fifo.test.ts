import { describe, expect, it } from 'vitest';
import { Fifo } from '../../src/core/fifo.js';

describe('a queue', () => {
  it('gives what was put in, in its order, whatever waits', () => {
    const fifo = new Fifo<number>();
    const taken: (number | undefined)[] = [];
    let last = 0;
    for (let round = 0; round < 200; round++) {
      for (let count = 0; count < round % 7; count++) fifo.push(++last);
      for (let count = 0; count < round % 5; count++) {
        const one = fifo.shift();
        if (one !== undefined) taken.push(one);
      }
      expect(fifo.length).toBe(last - taken.length);
    }
    while (fifo.length > 0) taken.push(fifo.shift());
    expect(taken).toEqual(Array.from({ length: last }, (_, at) => at + 1));
    expect(fifo.shift()).toBeUndefined();
  });

  it('holds little that was taken, though it is never empty', () => {
    const fifo = new Fifo<number>();
    for (let waiting = 0; waiting < 10; waiting++) fifo.push(waiting);
    let most = 0;
    for (let count = 0; count < 100_000; count++) {
      fifo.push(count);
      fifo.shift();
      most = Math.max(most, fifo['items'].length);
    }
    expect(most).toBeLessThan(100);
  });

  it('is empty once it was cleared', () => {
    const fifo = new Fifo<string>();
    fifo.push('a');
    fifo.clear();
    expect([fifo.length, fifo.shift()]).toEqual([0, undefined]);
  });
});
