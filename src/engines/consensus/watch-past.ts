import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import { Unanswered } from './etcd-client.js';
import type { EtcdCaller } from './etcd-client.js';
import { RANGE, TXN } from './etcd-messages.js';
import { get, putFor, read } from './etcd-requests.js';
import { headKey, RETENTION_CLAIM } from './layout.js';
import { Leases, LEASE_LOST } from './leases.js';
import { replicaWatchLimits } from './limits.js';

/** The newest revision, and which replicas' it is. */
interface Now {
  readonly revision: number;
  readonly cluster: number;
}

interface PastDeps {
  readonly client: EtcdCaller;
  readonly time: Time;
  readonly random: Random;
  /** Deadline for a request sent now. */
  readonly deadline: () => number;
}

/** A removal of a value that may have expired. */
interface GoneValue {
  readonly key: string;
  readonly revision: number;
}

/** What watches ask of the replicas besides the changes themselves. */
export class ReplicaPast {
  private readonly leases: Leases;

  constructor(private readonly deps: PastDeps) {
    this.leases = new Leases(deps.client, deps.time, deps.random, replicaWatchLimits.markMs);
  }

  /** @throws KvsError SEM_MAIORIA */
  async now(): Promise<Now> {
    const { client, deadline } = this.deps;
    // Any key does.
    const request = { key: RETENTION_CLAIM, count_only: true };
    try {
      const { response } = await client.call(RANGE, request, { deadline: deadline(), local: false });
      const { revision, cluster_id: cluster = 0 } = response.header;
      return { revision, cluster };
    } catch (thrown) {
      throw thrown instanceof Unanswered ? thrown.toReadError() : thrown;
    }
  }

  /**
   * Whether the replicas have every change after a revision, which must not be ahead of them. They lose the removals of
   * the revision up to which they have forgotten, so that one counts as forgotten too.
   * @throws KvsError SEM_MAIORIA
   */
  async isKept(revision: number): Promise<boolean> {
    const { client, deadline } = this.deps;
    if (revision < 1) return false;
    const request = { key: RETENTION_CLAIM, count_only: true, revision, serializable: true };
    try {
      await client.call(RANGE, request, { deadline: deadline(), local: true });
      return true;
    } catch (thrown) {
      if (thrown instanceof Unanswered && thrown.meaning === 'compacted') return false;
      throw thrown instanceof Unanswered ? thrown.toReadError() : thrown;
    }
  }

  /**
   * Puts a mark, which comes after all changes up to now.
   * @returns its revision; `undefined` if the replicas are full
   * @throws Unanswered, KvsError
   */
  async mark(place: Buffer): Promise<number | undefined> {
    const { client, deadline } = this.deps;
    try {
      const lease = await this.leases.lasting(deadline());
      const request = { compare: [], success: [putFor(lease, place, EMPTY)], failure: [] };
      const { response } = await client.call(TXN, request, { deadline: deadline(), local: false });
      return response.header.revision;
    } catch (thrown) {
      if (!(thrown instanceof Unanswered)) throw thrown;
      if (thrown.message.includes(LEASE_LOST)) this.leases.forget();
      if (thrown.meaning === 'full') return undefined;
      throw thrown;
    }
  }

  /**
   * For each removal whether a writer removed that value: writers write the head of the key in the same step. All
   * others were expired.
   * @throws KvsError SEM_MAIORIA, LEITURA_VENCIDA
   */
  async removedByWriters(gone: readonly GoneValue[]): Promise<readonly boolean[]> {
    const { client, deadline } = this.deps;
    const success = gone.map(({ key, revision }) => get(headKey(key), { local: true, revision }));
    try {
      const request = { compare: [], success, failure: [] };
      const { response } = await client.call(TXN, request, { deadline: deadline(), local: true });
      return gone.map(({ revision }, index) => read(response, index)?.mod_revision === revision);
    } catch (thrown) {
      throw thrown instanceof Unanswered ? thrown.toReadError() : thrown;
    }
  }
}

const EMPTY = Buffer.alloc(0);
