import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import { Unanswered } from './etcd-client.js';
import type { EtcdCaller } from './etcd-client.js';
import { LEASE_GRANT } from './etcd-messages.js';

/** A lease: etcd removes the keys put under it when it expires. */
interface Lease {
  readonly id: number;
  /** Until this moment of the monotonic clock, at least `leastMs` of the lease remain. */
  readonly usableUntilMs: number;
}

/**
 * Leases of a server for keys that expire. One lease serves all that it puts within a time, and is granted for twice
 * as long, so that a write needs none of its own.
 */
export class Leases {
  private current: Promise<Lease> | undefined;

  /** @param leastMs keys put under a lease stay at least so long */
  constructor(
    private readonly client: EtcdCaller,
    private readonly time: Time,
    private readonly random: Random,
    private readonly leastMs: number,
  ) {}

  /**
   * A lease with at least `leastMs` remaining.
   * @param deadline moment of the monotonic clock
   * @throws Unanswered
   */
  async lasting(deadline: number): Promise<number> {
    for (;;) {
      const asked = (this.current ??= this.grant(deadline));
      try {
        const { id, usableUntilMs } = await asked;
        if (this.time.monotonicMs() < usableUntilMs) return id;
        if (this.current === asked) this.current = undefined;
      } catch (error) {
        if (this.current === asked) this.current = undefined;
        throw error;
      }
    }
  }

  /** Called when the replicas do not know the lease (any more). */
  forget(): void {
    this.current = undefined;
  }

  private async grant(deadline: number): Promise<Lease> {
    const usableUntilMs = this.time.monotonicMs() + this.leastMs;
    const seconds = Math.ceil((2 * this.leastMs) / 1000);
    return { id: await grantLease(this.client, this.random, seconds, deadline), usableUntilMs };
  }
}

/**
 * A new lease. If the server ends before it uses it, the lease ends by itself.
 * @param deadline moment of the monotonic clock
 * @throws Unanswered
 */
export async function grantLease(
  client: EtcdCaller,
  random: Random,
  seconds: number,
  deadline: number,
): Promise<number> {
  // Chosen here, so that a request sent again asks for the same lease, and small enough for a safe integer.
  const id = 1 + Math.floor(random.next() * 2 ** 26) * 2 ** 26 + Math.floor(random.next() * 2 ** 26);
  try {
    await client.call(LEASE_GRANT, { TTL: seconds, ID: id }, { deadline, local: false });
  } catch (error) {
    const isOurs = error instanceof Unanswered && error.doubtful && error.message.includes('already exists');
    if (!isOurs) throw error;
  }
  return id;
}

/** The error of etcd for a write under an unknown lease. */
export const LEASE_LOST = 'requested lease not found';
