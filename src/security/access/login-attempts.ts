import { isIPv6 } from 'node:net';
import { accessLimits } from './limits.js';

/** So many at once, and one more after each `refillMs`. */
class Bucket {
  private level: number;

  constructor(
    private readonly most: number,
    private readonly refillMs: number,
    private sinceMs: number,
  ) {
    this.level = most;
  }

  isEmpty(nowMs: number): boolean {
    const more = Math.floor((nowMs - this.sinceMs) / this.refillMs);
    if (more > 0) {
      this.level = Math.min(this.most, this.level + more);
      this.sinceMs += more * this.refillMs;
    }
    return this.level === 0;
  }

  take(): void {
    this.level--;
  }

  giveBack(): void {
    this.level = Math.min(this.most, this.level + 1);
  }
}

interface Address {
  readonly bucket: Bucket;
  /** Somebody logged in from here not long ago: until when what others do altogether is not held against it. */
  goodUntilMs: number;
}

/** How many logins may fail: from one address, and altogether. Bounded, however many addresses there are. */
export class LoginAttempts {
  private readonly addresses = new Map<string, Address>();
  private readonly overall: Bucket;

  constructor(private readonly monotonicMs: () => number) {
    this.overall = new Bucket(accessLimits.attempts, accessLimits.attemptOverallMs, monotonicMs());
  }

  /** Addresses remembered. */
  get size(): number {
    return this.addresses.size;
  }

  /** Counts an attempt before anything is known of it. @returns false if it must not be looked at */
  take(from: string): boolean {
    const nowMs = this.monotonicMs();
    const address = this.at(from, nowMs);
    const isGood = nowMs < address.goodUntilMs;
    if (address.bucket.isEmpty(nowMs) || (this.overall.isEmpty(nowMs) && !isGood)) return false;
    address.bucket.take();
    if (!isGood) this.overall.take();
    return true;
  }

  /** It was a right one. */
  giveBack(from: string): void {
    const nowMs = this.monotonicMs();
    const address = this.at(from, nowMs);
    address.bucket.giveBack();
    if (nowMs >= address.goodUntilMs) this.overall.giveBack();
    address.goodUntilMs = nowMs + accessLimits.rememberMs;
  }

  private at(from: string, nowMs: number): Address {
    const key = networkOf(from);
    const address = this.addresses.get(key) ?? {
      bucket: new Bucket(accessLimits.attemptsPerAddress, accessLimits.attemptMs, nowMs),
      goodUntilMs: 0,
    };
    // Last in the order: the first is the one silent for longest.
    this.addresses.delete(key);
    this.addresses.set(key, address);
    if (this.addresses.size > accessLimits.addresses) {
      for (const [oldest] of this.addresses) {
        this.addresses.delete(oldest);
        break;
      }
    }
    return address;
  }
}

/** Whoever has one IPv6 address has all of its /64. */
function networkOf(from: string): string {
  if (!isIPv6(from) || /^::ffff:[\d.]+$/i.test(from)) return from.replace(/^::ffff:/i, '');
  const [head = '', tail] = from.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? 0 : tail.split(':').length;
  while (tail !== undefined && groups.length < Math.min(4, 8 - after)) groups.push('0');
  return `${[...groups, ...(tail ?? '').split(':')].slice(0, 4).join(':')}::/64`;
}
