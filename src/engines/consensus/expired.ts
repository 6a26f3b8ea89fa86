import type { Time } from '../../ports/time.js';
import { Unanswered } from './etcd-client.js';
import type { EtcdCaller } from './etcd-client.js';
import { drop } from './etcd-requests.js';
import { expiryLimits } from './limits.js';
import { timeKey, valueKey, versionKey } from './layout.js';
import { TXN } from './etcd-messages.js';

/** A version of a key, and when it expires, ms since 1970. */
export interface ExpiringPlace {
  readonly key: string;
  readonly version: number;
  readonly timestamp: number;
  readonly expiresAt?: number | undefined;
}

/**
 * Versions whose time is over. Whoever meets one removes it before answering, so that all readers agree from then on,
 * whatever their clocks say. Leases remove those that nobody meets.
 */
export class Expired {
  constructor(
    private readonly client: EtcdCaller,
    private readonly time: Pick<Time, 'wallMs'>,
  ) {}

  /** Whether it has expired by the clock of this server. */
  isOver({ expiresAt }: { readonly expiresAt?: number | undefined }): boolean {
    return expiresAt !== undefined && expiresAt <= this.time.wallMs();
  }

  /**
   * Removes versions that have expired. No comparison is needed: a place is used once, and for one version only.
   * @returns whether they are gone; `false` if the replicas are full
   * @throws KvsError from {@link Unanswered.toReadError}
   */
  async remove(places: readonly ExpiringPlace[], deadline: number): Promise<boolean> {
    try {
      for (let at = 0; at < places.length; at += expiryLimits.removedAtOnce) {
        const some = places.slice(at, at + expiryLimits.removedAtOnce);
        const success = some.flatMap(({ key, version, timestamp }) => [
          drop(valueKey(key, timestamp)),
          drop(versionKey(key, version)),
          drop(timeKey(key, timestamp)),
        ]);
        await this.client.call(TXN, { compare: [], success, failure: [] }, { deadline, local: false });
      }
      return true;
    } catch (thrown) {
      if (!(thrown instanceof Unanswered)) throw thrown;
      if (thrown.meaning === 'full') return false;
      throw thrown.toReadError();
    }
  }
}
