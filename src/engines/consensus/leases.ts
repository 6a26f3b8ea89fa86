import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import { Unanswered } from './etcd-client.js';
import type { EtcdCaller } from './etcd-client.js';
import { LEASE_GRANT } from './etcd-messages.js';

/** A lease: what is put under it is removed by etcd when it runs out. */
interface Lease {
  readonly id: number;
  /** Until this moment of the monotonic clock it lasts for at least `leastMs` more. */
  readonly usableUntilMs: number;
}

/**
 * The lease under which a server puts what is to be forgotten after a time: one for all that it puts within that time,
 * granted for twice as long, so that a write costs none of its own.
 */
export class Leases {
  private current: Promise<Lease> | undefined;

  /** @param leastMs what is put under a lease stays at least so long */
  constructor(
    private readonly client: EtcdCaller,
    private readonly time: Time,
    private readonly random: Random,
    private readonly leastMs: number,
  ) {}

  /**
   * A lease that lasts.
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

  /** The replicas do not know the lease (any more). */
  forget(): void {
    this.current = undefined;
  }

  private async grant(deadline: number): Promise<Lease> {
    const usableUntilMs = this.time.monotonicMs() + this.leastMs;
    // Chosen here, so that a request that is sent again asks for the same lease, and small enough for a number.
    const id =
      1 + Math.floor(this.random.next() * 2 ** 26) * 2 ** 26 + Math.floor(this.random.next() * 2 ** 26);
    const request = { TTL: Math.ceil((2 * this.leastMs) / 1000), ID: id };
    try {
      await this.client.call(LEASE_GRANT, request, { deadline, local: false });
    } catch (error) {
      const isOurs =
        error instanceof Unanswered && error.doubtful && error.message.includes('already exists');
      if (!isOurs) throw error;
    }
    return { id, usableUntilMs };
  }
}

/** What etcd says of a write under a lease that it does not know. */
export const LEASE_LOST = 'requested lease not found';
