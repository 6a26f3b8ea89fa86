import type {
  Answers,
  Capabilities,
  Engine,
  OfKind,
  Query,
  Row,
  Rows,
  Scan,
  Stream,
  Write,
} from '../../ports/engine.js';
import type { Line } from '../../ports/lines.js';
import type { Logger } from '../../ports/logger.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { HasCapacity, Usage } from '../../ports/capacity.js';
import type { RetentionBound } from '../../core/retention.js';
import type { BeyondPage, BoundOf, Retains, WalkPlace } from '../../ports/retention.js';
import { assertOffered } from '../plan.js';
import { EtcdClient } from './etcd-client.js';
import type { EtcdMember } from './etcd-member.js';
import { CommitTransactions } from './commits.js';
import { ConsensusGuarantees } from './guarantees.js';
import { Expired } from './expired.js';
import { ExpiryLeases } from './expiry-leases.js';
import { HeadCache } from './head-cache.js';
import type { MemberCondition } from './etcd-member.js';
import { EtcdHealth } from './etcd-health.js';
import { KvsError } from '../../core/errors.js';
import { MemberStates } from './member-states.js';
import { EtcdSpace } from './etcd-space.js';
import { countOf } from './etcd-requests.js';
import { ALL_HEADS, ALL_VALUES } from './layout.js';
import { consensusLimits } from './limits.js';
import { EtcdKeySpace } from './etcd-key-space.js';
import { lineFromRow, LineReads } from './line-reads.js';
import { ReplicaReading } from './reading.js';
import { Reads } from './reads.js';
import type { ReplicaLaboratory } from './replica-tap.js';
import { SessionView } from './session-view.js';
import { defaultConsensusTuning } from './tuning.js';
import type { ConsensusTuning } from './tuning.js';
import { Scanner } from './scanner.js';
import { TransactionGroups } from './transaction-groups.js';
import { ReplicaRetention } from './retention.js';
import { HeadWatch } from './watch.js';
import { ReplicaWatches } from './replica-watches.js';
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
  /** Cuts this server off the replicas, and sees and loses what it exchanges with them; absent: nothing does. */
  readonly laboratory?: ReplicaLaboratory | undefined;
}

/** One of the replicas, as a server sees it. */
export interface ReplicaStatus {
  /** `host:port` of its client endpoint. */
  readonly address: string;
  readonly condition: MemberCondition;
  /** Of its program; empty if it is not known. */
  readonly version: string;
  /** How many entries of the common log it has not applied yet, as it said a moment ago. */
  readonly lag: number;
}

/**
 * The consensus engine: all data are in etcd, on the disks of a majority before a write is acknowledged (linearizable
 * per key). The engine itself keeps only hints; any number of servers use the same members. See docs/CONSENSUS.md.
 */
export class ConsensusEngine implements Engine, HasCapacity, Retains {
  readonly capabilities: Capabilities;
  readonly guarantees: ConsensusGuarantees;
  readonly lineOf = (row: Row): Line => lineFromRow(row, true);
  private readonly client: EtcdClient;
  private readonly space: EtcdKeySpace;
  /** For reads and writes of single keys, of which many come at once. */
  private readonly grouped: TransactionGroups;
  private readonly cache: HeadCache;
  private readonly expired: Expired;
  private readonly tuning: ConsensusTuning;
  /** Of the majority, for writers. */
  private readonly reads: Reads;
  private readonly reading: ReplicaReading;
  private readonly agreed: ReplicaReading;
  private readonly writes: Writes;
  private readonly commits: CommitTransactions;
  private readonly watch: HeadWatch;
  readonly watches: ReplicaWatches;
  private readonly health: EtcdHealth;
  private readonly diskSpace: EtcdSpace;
  /** What the members say of themselves, for whoever looks. */
  readonly memberStates: MemberStates;
  private readonly retention: ReplicaRetention;

  constructor(private readonly options: ConsensusOptions) {
    const { members, localReads, time, random, logger, newToken, laboratory } = options;
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
      compares: true,
      watches: true,
    };
    this.guarantees = new ConsensusGuarantees(members.length, localReads, this);
    const cache = (this.cache = new HeadCache(tuning.cachedHeadBytes));
    const client = (this.client = new EtcdClient(members, tuning, time, random, laboratory));
    // Writers report the previous value at the moment of the write, so local reads are not enough.
    const space = (this.space = new EtcdKeySpace(client, time, tuning, logger));
    const expired = (this.expired = new Expired(space, time));
    const grouped = (this.grouped = new TransactionGroups(space, time, tuning));
    const reads = (this.reads = new Reads(grouped, cache, expired, false));
    const expiryLeases = new ExpiryLeases(space, space, time, random);
    const forWriters = {
      client: grouped,
      cache,
      reads,
      expired,
      expiryLeases,
      time,
      random,
      tuning,
      newToken,
    };
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
    this.watches = new ReplicaWatches({ client, space, expired, time, random, tuning, logger, deadline });
    this.diskSpace = new EtcdSpace(members, time);
    this.memberStates = new MemberStates(client, tuning);
    this.health = new EtcdHealth(client, time, tuning, logger, onAvailable);
  }

  /** The replicas, for metrics. */
  get members(): readonly EtcdMember[] {
    return this.client.members;
  }

  /** Figures since the start, for metrics. */
  get figures(): { readonly conflicts: number; readonly cachedHeads: number } {
    const conflicts = this.writes.conflicts + this.commits.conflicts;
    return { conflicts, cachedHeads: this.cache.size };
  }

  /** Whether a majority answered lately. */
  get available(): boolean {
    return this.health.available;
  }

  /** See {@link ConsensusGuarantees}. */
  get revision(): number {
    return this.client.revision;
  }

  /** The members, with the result of the last attempts at each, and what it tells of itself now and then. */
  replicas(): readonly ReplicaStatus[] {
    return this.client.members.map(({ address, condition }) => {
      return { address, condition, ...this.diskSpace.progress(address) };
    });
  }

  /**
   * How much there is: keys that were ever written and versions, as one member knows, and the bytes on its disk.
   * @throws KvsError SEM_MAIORIA if no member answers
   */
  async amounts(): Promise<{ readonly keys: number; readonly versions: number; readonly bytes: number }> {
    const success = [countOf(ALL_HEADS, { local: true }), countOf(ALL_VALUES, { local: true })];
    const deadline = this.options.time.monotonicMs() + consensusLimits.amountsMs;
    const options = { deadline, local: true };
    const { response } = await this.reads.ask({ compare: [], success, failure: [] }, options);
    const [keys = 0, versions = 0] = response.responses.map((one) => one.response_range?.count ?? 0);
    return { keys, versions, bytes: this.diskSpace.bytes };
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
    this.watches.stop();
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
  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
  scan(scan: Scan): Stream<Rows[Scan['kind']]> {
    if (scan.kind === 'watch') return this.watches.watch(scan);
    return (scan.kind === 'history' ? this.agreed : this.reading).scan(scan);
  }

  private readingSince(revision: number | undefined, localReads = this.options.localReads): ReplicaReading {
    const deadline = (): number => this.deadline();
    const { space, grouped, cache, expired, tuning } = this;
    const reads = new Reads(grouped, cache, expired, localReads, revision);
    const scanner = new Scanner(space, reads, expired, tuning, deadline);
    return new ReplicaReading(reads, scanner, new LineReads(reads, expired), deadline);
  }

  private deadline(): number {
    return this.options.time.monotonicMs() + this.options.deadlineMs;
  }
}
