import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/core/token-bucket.js';

/** How many it gives at a moment. */
function drain(bucket: TokenBucket, nowMs: number): number {
  let taken = 0;
  for (; !bucket.isEmpty(nowMs); taken++) bucket.take();
  return taken;
}

describe('a token bucket', () => {
  it('gives so many at once, then one for each period', () => {
    const bucket = new TokenBucket(3, 100, 1_000);
    expect(drain(bucket, 1_000)).toBe(3);
    expect(drain(bucket, 1_099)).toBe(0);
    expect(drain(bucket, 1_100)).toBe(1);
    expect(drain(bucket, 1_350)).toBe(2);
    expect(drain(bucket, 1_399)).toBe(0);
    expect(drain(bucket, 1_400)).toBe(1);
  });

  it('never holds more than so many, whatever is given back or however long it rests', () => {
    const bucket = new TokenBucket(3, 100, 0);
    bucket.take();
    bucket.giveBack();
    bucket.giveBack();
    expect(drain(bucket, 1_000_000)).toBe(3);
  });

  it('takes fractions of a millisecond', () => {
    const bucket = new TokenBucket(2, 0.5, 0);
    drain(bucket, 0);
    expect(drain(bucket, 0.75)).toBe(1);
    expect(drain(bucket, 1)).toBe(1);
  });
});
