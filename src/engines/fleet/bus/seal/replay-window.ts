import { sealLimits } from './limits.js';

const WIDTH = sealLimits.replayWindow;
const ALL_SEEN = BigInt.asUintN(WIDTH, -1n);

/**
 * Which counters of a sender have been seen, as in IPsec (RFC 4303, 3.4.3): the greatest, and a bit for each counter
 * right below it. Older counters are refused, seen or not.
 */
export class ReplayWindow {
  /** Bit i: `highest - i` was seen. */
  private seen = ALL_SEEN;

  /** @param highest the first counter; it and everything below it count as seen */
  constructor(private highest: number) {}

  /** Marks a counter as seen. Returns whether this is the first time. */
  accept(counter: number): boolean {
    if (counter > this.highest) {
      const step = counter - this.highest;
      const moved = step >= WIDTH ? 0n : BigInt.asUintN(WIDTH, this.seen << BigInt(step));
      this.seen = moved | 1n;
      this.highest = counter;
      return true;
    }
    const age = this.highest - counter;
    const bit = age >= WIDTH ? 0n : 1n << BigInt(age);
    if (bit === 0n || (this.seen & bit) !== 0n) return false;
    this.seen |= bit;
    return true;
  }
}
