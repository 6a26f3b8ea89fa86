import type {
  Answers,
  Capabilities,
  Engine,
  OfKind,
  Query,
  Rows,
  Scan,
  Stream,
  Write,
} from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { HasCapacity, Usage } from '../../ports/capacity.js';
import type { RetentionBound } from '../../core/retention.js';
import type { BeyondPage, BoundOf, Retains, WalkPlace } from '../../ports/retention.js';
import { assertOffered } from '../plan.js';
import { EtcdClient } from './etcd-client.js';
import { CommitTransactions } from './commits.js';
import { ConsensusGuarantees } from './guarantees.js';
import { Expired } from './expired.js';
import { ExpiryLeases } from './expiry-leases.js';
import { HeadCache } from './head-cache.js';
import { EtcdHealth } from './etcd-health.js';
import { KvsError } from '../../core/errors.js';
import { EtcdSpace } from './etcd-space.js';
import { EtcdKeySpace } from './etcd-key-space.js';
import { ReplicaReading } from './reading.js';
import { Reads } from './reads.js';
import { SessionView } from './session-view.js';
import { defaultConsensusTuning } from './tuning.js';
import type { ConsensusTuning } from './tuning.js';
import { Scanner } from './scanner.js';
import { ReplicaRetention } from './retention.js';
import { HeadWatch } from './watch.js';
import { Writes } from './writes.js';

export interface ConsensusOptions {
  /** `host:port` of the client endpoint of each etcd member. */
  readonly members: readonly string[];
  /** A call without an answer fails after this. */
  readonly deadlineMs: number;
  /** Reads are served from any member's own state: possible without a majority, but maybe stale. */
  readonly localReads: boolean;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
  /** Returns a text of letters, digits, `-` and `_` that is unique for all time: it names one write. */
  readonly newToken: () => string;
  /** Called when the majority is reached or lost, and once soon after the start. */
  readonly onAvailable?: (available: boolean) => void;
  readonly tuning?: Partial<ConsensusTuning>;
}

/**
 * The consensus engine: all data are in etcd, on the disks of a majority before a write is acknowledged (linearizable
 * per key). The engine itself keeps only hints; any number of servers use the same members. See docs/CONSENSUS.md.
 */
export class ConsensusEngine implements Engine, HasCapacity, Retains {
  readonly capabilities: Capabilities;
  readonly guarantees: ConsensusGuarantees;
  private readonly client: EtcdClient;
  private readonly space: EtcdKeySpace;
  private readonly cache: HeadCache;
  private readonly expired: Expired;
  private readonly tuning: ConsensusTuning;
  private readonly reading: ReplicaReading;
  private readonly agreed: ReplicaReading;
  private readonly writes: Writes;
  private readonly commits: CommitTransactions;
  private readonly watch: HeadWatch;
  private readonly health: EtcdHealth;
  private readonly diskSpace: EtcdSpace;
  private readonly retention: ReplicaRetention;

  constructor(private readonly options: ConsensusOptions) {
    const { members, localReads, time, random, logger, newToken } = options;
    const tuning = { ...defaultConsensusTuning, ...options.tuning };
    this.capabilities = {
      heads: false,
      linearizable: !localReads,
      durable: true,
      commits: 'everywhere',
      everything: true,
      restores: false,
      remembersRequests: true,
      expires: true,
    };
    this.guarantees = new ConsensusGuarantees(members.length, localReads, this);
    const cache = (this.cache = new HeadCache(tuning.cachedHeadBytes));
    const client = (this.client = new EtcdClient(members, tuning, time, random));
    // Writers report the previous value at the moment of the write, so local reads are not enough.
    const space = (this.space = new EtcdKeySpace(client, time, tuning, logger));
    const expired = (this.expired = new Expired(space, time));
    const reads = new Reads(space, cache, expired, false);
    const expiryLeases = new ExpiryLeases(space, space, time, random);
    const forWriters = { client: space, cache, reads, expired, expiryLeases, time, random, tuning, newToken };
    this.writes = new Writes(forWriters);
    this.commits = new CommitTransactions(forWriters);
    this.tuning = tuning;
    this.reading = this.readingSince(undefined);
    this.agreed = this.readingSince(undefined, false);
    this.watch = new HeadWatch(client, space, cache, time, tuning, logger);
    const onAvailable = (available: boolean): void => options.onAvailable?.(available);
    const deadline = (): number => this.deadline();
    const retentionDeps = { client: space, time, random, newToken, expired, deadline };
    this.retention = new ReplicaRetention(retentionDeps);
    this.diskSpace = new EtcdSpace(members, time);
    this.health = new EtcdHealth(client, time, tuning, logger, onAvailable);
  }

  /** Whether a majority answered lately. */
  get available(): boolean {
    return this.health.available;
  }

  /** See {@link ConsensusGuarantees}. */
  get revision(): number {
    return this.client.revision;
  }

  since(revision: number): Engine {
    return new SessionView(this, this.readingSince(revision));
  }

  /** Starts watching the members, which need not be up yet. */
  start(): void {
    this.health.start();
    this.watch.start();
    this.diskSpace.start();
  }

  /** Closes the connections. Calls in progress end within one attempt, later ones fail with SERVIDOR_SAINDO. */
  stop(): Promise<void> {
    this.health.stop();
    this.watch.stop();
    this.diskSpace.stop();
    this.client.close();
    return Promise.resolve();
  }

  keepsRetention(): Promise<boolean> {
    return this.retention.claim();
  }

  beyondFrom(from: WalkPlace | undefined, boundOf: BoundOf): Promise<BeyondPage> {
    return this.retention.beyondFrom(from, boundOf);
  }

  retain(key: string, bound: RetentionBound, most: number): Promise<number> {
    return this.retention.retain(key, bound, most);
  }

  /** Of the replicas' disk quota: see {@link EtcdSpace.usage}. */
  capacity(): readonly Usage[] {
    return this.diskSpace.usage();
  }

  read<K extends Query['kind']>(query: OfKind<Query, K>): Promise<Answers[K]> {
    return this.reading.read<K>(query);
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Promise<Answers[K]>;
  async write(write: Write): Promise<Answers[Write['kind']]> {
    assertOffered(this.capabilities, write);
    const deadline = this.deadline();
    try {
      return await (write.kind === 'commit'
        ? this.commits.commit(write, deadline)
        : this.writes.write(write, deadline));
    } catch (error) {
      if (error instanceof KvsError && error.code === 'LIMITE_MEMORIA') this.diskSpace.refused++;
      throw error;
    }
  }

  /**
   * The history of a key is always read from the majority, even with local reads: an import that asks is about to
   * write by it.
   */
  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]> {
    return (scan.kind === 'history' ? this.agreed : this.reading).scan<K>(scan);
  }

  private readingSince(revision: number | undefined, localReads = this.options.localReads): ReplicaReading {
    const deadline = (): number => this.deadline();
    const { space, cache, expired, tuning } = this;
    const reads = new Reads(space, cache, expired, localReads, revision);
    return new ReplicaReading(reads, new Scanner(space, reads, expired, tuning, deadline), deadline);
  }

  private deadline(): number {
    return this.options.time.monotonicMs() + this.options.deadlineMs;
  }
}
