import { isIPv6 } from 'node:net';
import { BoundedMap } from '../../core/bounded-map.js';
import { TokenBucket } from '../../core/token-bucket.js';
import { accessLimits } from './limits.js';

interface Address {
  readonly bucket: TokenBucket;
  /** A login from here succeeded recently: until then, failures elsewhere do not count against this address. */
  goodUntilMs: number;
}

/** Limits failed logins, from one address and altogether. Bounded in memory, however many addresses there are. */
export class LoginAttempts {
  private readonly addresses = new BoundedMap<string, Address>(accessLimits.addresses);
  private readonly overall: TokenBucket;

  constructor(private readonly monotonicMs: () => number) {
    this.overall = new TokenBucket(accessLimits.attempts, accessLimits.attemptOverallMs, monotonicMs());
  }

  /** Addresses remembered. */
  get size(): number {
    return this.addresses.size;
  }

  /** Counts an attempt before it is checked. @returns false if it must not be checked */
  take(from: string): boolean {
    const nowMs = this.monotonicMs();
    const address = this.at(from, nowMs);
    const isGood = nowMs < address.goodUntilMs;
    if (address.bucket.isEmpty(nowMs) || (this.overall.isEmpty(nowMs) && !isGood)) return false;
    address.bucket.take();
    if (!isGood) this.overall.take();
    return true;
  }

  /** The attempt succeeded. */
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
      bucket: new TokenBucket(accessLimits.attemptsPerAddress, accessLimits.attemptMs, nowMs),
      goodUntilMs: 0,
    };
    this.addresses.put(key, address);
    return address;
  }
}

/** The owner of one IPv6 address controls all of its /64. */
function networkOf(from: string): string {
  if (!isIPv6(from) || /^::ffff:[\d.]+$/i.test(from)) return from.replace(/^::ffff:/i, '');
  const [head = '', tail] = from.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? 0 : tail.split(':').length;
  while (tail !== undefined && groups.length < Math.min(4, 8 - after)) groups.push('0');
  return `${[...groups, ...(tail ?? '').split(':')].slice(0, 4).join(':')}::/64`;
}
