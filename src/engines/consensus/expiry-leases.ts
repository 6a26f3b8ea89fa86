import { KvsError } from '../../core/errors.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { EtcdCaller } from './etcd-client.js';
import { grantLease } from './leases.js';
import { expiryLimits } from './limits.js';

/** A lease that further versions may be put under. */
interface OpenLease {
  readonly id: Promise<number>;
  /** Moment of the monotonic clock at which nothing under it lives anymore. */
  readonly endMs: number;
  /** The same of the wall clock as it was then: the monotonic one may stand still while the machine sleeps. */
  readonly endWallMs: number;
  entries: number;
}

/** What leases need to know of the store. */
interface ExpiringStore {
  /** Lets programs that know nothing of expiry refuse the store. */
  admitExpiry(deadline: number): Promise<void>;
}

/**
 * Leases of a server for versions with a time to live. Versions that expire at about the same time share one, and none
 * expires before all that is under it: readers tell by the version itself when it is over, so a lease may be late.
 */
export class ExpiryLeases {
  /** By their moment and step. */
  private readonly open = new Map<string, OpenLease>();
  /** Ends of the leases that may still be held by the replicas. */
  private ends: number[] = [];

  constructor(
    private readonly client: EtcdCaller,
    private readonly store: ExpiringStore,
    private readonly time: Time,
    private readonly random: Random,
  ) {}

  /**
   * A lease that outlasts a version with this time to live that begins now.
   * @param deadline moment of the monotonic clock
   * @throws Unanswered
   * @throws KvsError LIMITE_ENTRADAS
   */
  async outlasting(ttlMs: number, deadline: number): Promise<number> {
    await this.store.admitExpiry(deadline);
    const stepMs = leaseStepMs(ttlMs);
    const endMs = Math.ceil((this.time.monotonicMs() + ttlMs) / stepMs) * stepMs;
    const name = `${String(stepMs)} ${String(endMs)}`;
    let lease = this.open.get(name);
    if (lease === undefined || !this.fits(lease, ttlMs)) {
      const endWallMs = this.time.wallMs() + endMs - this.time.monotonicMs();
      lease = { id: this.grant(endMs, deadline), endMs, endWallMs, entries: 0 };
      this.open.set(name, lease);
    }
    lease.entries++;
    try {
      return await lease.id;
    } catch (error) {
      if (this.open.get(name) === lease) this.open.delete(name);
      throw error;
    }
  }

  /** Called when the replicas do not know a lease (any more). */
  forget(): void {
    this.open.clear();
  }

  private fits({ entries, endWallMs }: OpenLease, ttlMs: number): boolean {
    const lateMs = this.time.wallMs() + ttlMs - endWallMs;
    return entries < expiryLimits.entriesPerLease && lateMs < expiryLimits.leaseSlackMs / 2;
  }

  private async grant(endMs: number, deadline: number): Promise<number> {
    const nowMs = this.time.monotonicMs();
    for (const [name, lease] of this.open) if (lease.endMs <= nowMs) this.open.delete(name);
    const lastMs = endMs + expiryLimits.leaseSlackMs;
    this.ends = this.ends.filter((end) => end > nowMs);
    if (this.ends.length >= expiryLimits.leases) {
      throw new KvsError(
        'LIMITE_ENTRADAS',
        'este servidor já inseriu valores com prazo demais que ainda não expiraram; espere que alguns expirem, ou insira sem prazo',
      );
    }
    this.ends.push(lastMs);
    return grantLease(this.client, this.random, Math.ceil((lastMs - nowMs) / 1000), deadline);
  }
}

/** Distance between the ends of leases for a time to live: a small part of it, so that it has few leases at a time. */
function leaseStepMs(ttlMs: number): number {
  const part = 2 ** Math.floor(Math.log2(Math.max(ttlMs, 1))) / expiryLimits.leaseParts;
  return Math.max(1000, Math.round(part));
}
