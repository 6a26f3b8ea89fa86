import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceiveQuota } from '../../src/mqtt/receive-quota.js';

describe('what a broker takes at once', () => {
  it('is never exceeded, and what waits goes in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.boolean(), { maxLength: 60 }),
        (most, steps) => {
          const quota = new ReceiveQuota(most);
          const sent: number[] = [];
          const unacknowledged: (() => void)[] = [];
          let given = 0;
          for (const isNew of steps) {
            if (isNew) {
              const number = given++;
              quota.add((done) => {
                sent.push(number);
                unacknowledged.push(done);
              });
            } else unacknowledged.shift()?.();
            expect(unacknowledged.length).toBeLessThanOrEqual(most);
          }
          for (let done = unacknowledged.shift(); done !== undefined; done = unacknowledged.shift()) done();
          expect(sent).toEqual(Array.from({ length: given }, (_, i) => i));
        },
      ),
    );
  });
});
