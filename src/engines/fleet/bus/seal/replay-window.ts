import { sealLimits } from './limits.js';

const WIDTH = sealLimits.replayWindow;
const ALL_SEEN = BigInt.asUintN(WIDTH, -1n);

/**
 * Which counters of a sender have been seen, as IPsec remembers it (RFC 4303, 3.4.3): the greatest, and a bit for each
 * of those right below. What is older than that is refused, seen or not.
 */
export class ReplayWindow {
  /** Bit i: `highest - i` was seen. */
  private seen = ALL_SEEN;

  /** @param highest the first counter, which is seen; everything below it counts as seen too */
  constructor(private highest: number) {}

  /** Whether this counter is seen for the first time; from now on it is seen. */
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
