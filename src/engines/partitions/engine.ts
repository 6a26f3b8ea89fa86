import { KvsError } from '../../core/errors.js';
import type { RetentionBound } from '../../core/retention.js';
import type { HasCapacity, Usage } from '../../ports/capacity.js';
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
import type { Counted, Line } from '../../ports/lines.js';
import type { Logger } from '../../ports/logger.js';
import type { Random } from '../../ports/random.js';
import type { BeyondPage, BoundOf, Retains, WalkPlace } from '../../ports/retention.js';
import type { Time } from '../../ports/time.js';
import { assertOffered } from '../plan.js';
import { RedisCluster } from './cluster.js';
import type { PartitionCaller } from './caller.js';
import type { NodeView } from './cluster-view.js';
import { ReplicaConfirmations } from './confirmations.js';
import { PartitionGuarantees } from './guarantees.js';
import { partitionLimits } from './limits.js';
import { MasterMemory } from './memory.js';
import { LogWatches } from './log-watches.js';
import type { NodeAccess, RedisNode } from './node.js';
import { PartitionReading } from './reading.js';
import { lineOfMaster } from './reads.js';
import { PartitionRetention } from './retention.js';
import { SessionCaller } from './session-caller.js';
import type { SessionSeen } from './session-seen.js';
import { PartitionSession } from './session.js';
import { PartitionSweeper } from './sweeper.js';
import { PartitionWalks } from './walks.js';
import { PartitionWrites } from './writes.js';

export interface PartitionsOptions {
  /** `host:port` of some nodes of the cluster: they tell the others. */
  readonly nodes: readonly string[];
  /** A call without an answer fails after this. */
  readonly deadlineMs: number;
  /** How the nodes let this server in; absent: without password and TLS. */
  readonly access?: NodeAccess | undefined;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
  /** Called when all partitions are reached, or one is lost, and once soon after the start. */
  readonly onAvailable?: (available: boolean) => void;
}

/**
 * The engine of partitions: keys are spread over the masters of a Redis Cluster, so that there may be more of them than one
 * machine holds. A write is one function on one master; the server itself keeps nothing, and any number of them use the same
 * cluster. What a master has acknowledged and not told its replicas is lost if it is replaced.
 */
export class PartitionsEngine implements Engine, HasCapacity, Retains {
  readonly capabilities: Capabilities = {
    heads: false,
    // A master that was cut off answers from what it has until it knows.
    linearizable: false,
    durable: true,
    commits: 'none',
    everything: true,
    restores: true,
    remembersRequests: true,
    expires: true,
    compares: true,
    watches: true,
  };
  readonly lineOf = (row: Row): Line => lineOfMaster(row, true);
  readonly guarantees: PartitionGuarantees;
  private readonly cluster: RedisCluster;
  /** Deadline for a request sent now. */
  private readonly deadline: () => number;
  private readonly reading: PartitionReading;
  private readonly writes: PartitionWrites;
  private readonly walks: PartitionWalks;
  private readonly retention: PartitionRetention;
  private readonly sweeper: PartitionSweeper;
  private readonly memory: MasterMemory;
  /** The watches of this server. */
  readonly watches: LogWatches;
  /** Whether every partition has a master that answered lately. */
  available = false;
  /** Writes refused since the start for the memory of a master. */
  private refused = 0;
  private told = false;
  private looks = 0;
  /** Why nodes let nobody in, as it was told last. */
  private readonly troubles = new Map<string, string | undefined>();

  constructor(private readonly options: PartitionsOptions) {
    const { nodes, access = {}, time, random, logger } = options;
    const deadline = (this.deadline = (): number => time.monotonicMs() + options.deadlineMs);
    const onLook = (): void => this.look();
    const cluster = (this.cluster = new RedisCluster({
      ...{ seeds: nodes, access, time, random, logger, onLook },
    }));
    const confirmations = new ReplicaConfirmations(cluster, time);
    cluster.onWritten = (node) => confirmations.note(node);
    this.guarantees = new PartitionGuarantees(confirmations, this);
    this.reading = new PartitionReading(cluster, time, deadline);
    this.writes = new PartitionWrites(deadline);
    const walks = (this.walks = new PartitionWalks(cluster, deadline));
    this.retention = new PartitionRetention({ cluster, walks, time, deadline });
    this.sweeper = new PartitionSweeper(cluster, time, deadline);
    this.memory = new MasterMemory(cluster, time);
    this.watches = new LogWatches({ cluster, access, time, random, deadline });
  }

  /** Starts looking for the nodes, which need not be up yet. */
  start(): void {
    this.cluster.start();
    this.sweeper.start();
    this.memory.start();
  }

  /** Closes the connections. Calls in progress end, later ones fail with SERVIDOR_SAINDO. */
  stop(): Promise<void> {
    this.sweeper.stop();
    this.memory.stop();
    this.watches.stop();
    this.cluster.stop();
    return Promise.resolve();
  }

  /** The nodes, for metrics. */
  get nodes(): readonly RedisNode[] {
    return this.cluster.nodes;
  }

  /** The nodes as the one of them that knows most sees them. */
  get view(): readonly NodeView[] {
    return this.cluster.view;
  }

  /**
   * How much there is, and the bytes that the masters use for it.
   * @throws KvsError SEM_MAIORIA if a partition does not answer in time
   */
  async amounts(): Promise<Counted & { readonly bytes: number }> {
    const { keys, versions } = await this.walks.amounts(
      this.options.time.monotonicMs() + partitionLimits.amountsMs,
    );
    return { keys, versions, bytes: this.memory.bytes };
  }

  /** Of the memory of the master that is fullest, if the masters have a limit. */
  capacity(): readonly Usage[] {
    return this.memory.usage(this.refused);
  }

  keepsRetention(): boolean {
    return this.available;
  }

  beyondFrom(from: WalkPlace | undefined, boundOf: BoundOf): Promise<BeyondPage> {
    return this.retention.beyondFrom(from, boundOf);
  }

  retain(key: string, bound: RetentionBound, most: number): Promise<number> {
    return this.retention.retain(key, bound, most);
  }

  read<K extends Query['kind']>(query: OfKind<Query, K>): Promise<Answers[K]> {
    return this.reading.read<K>(query);
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Promise<Answers[K]>;
  write(write: Write): Promise<Answers[Write['kind']]> {
    return this.writeBy(this.cluster, write);
  }

  /** A view of the store that shows nothing older than what a session has seen, and notes what it shows. */
  since(seen: SessionSeen, waitMs: number): PartitionSession {
    const { time } = this.options;
    const caller = new SessionCaller(this.cluster, seen, time, time.monotonicMs() + waitMs);
    return new PartitionSession({
      ...{ engine: this, caller, deadline: this.deadline },
      reading: new PartitionReading(caller, time, this.deadline),
      write: (write) => this.writeBy(caller, write),
    });
  }

  private async writeBy(caller: PartitionCaller, write: Write): Promise<Answers[Write['kind']]> {
    assertOffered(this.capabilities, write);
    if (write.kind === 'commit') {
      throw new KvsError(
        'NAO_SUPORTADO',
        'este motor não grava várias chaves num passo só: cada uma tem a sua partição',
      );
    }
    if ('ttlMs' in write && write.ttlMs !== undefined) this.sweeper.expect(write.key, write.ttlMs);
    try {
      return await this.writes.write(write, caller);
    } catch (error) {
      if (error instanceof KvsError && error.code === 'LIMITE_MEMORIA') this.refused++;
      throw error;
    }
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
  scan(scan: Scan): Stream<Rows[Scan['kind']]> {
    return scan.kind === 'watch' ? this.watches.watch(scan) : this.reading.scan(scan);
  }

  endWatches(): void {
    this.watches.stop();
  }

  private look(): void {
    this.watches.look();
    for (const { address, trouble } of this.nodes) {
      if (this.troubles.get(address) === trouble) continue;
      this.troubles.set(address, trouble);
      if (trouble !== undefined) this.options.logger.error({ no: address }, `o nó ${trouble}`);
    }
    const isWhole = this.cluster.isWhole;
    // Nodes answer one after the other: at first not all of them have.
    if (!isWhole && !this.told && ++this.looks < FIRST_LOOKS) return;
    if (this.told && isWhole === this.available) return;
    this.available = isWhole;
    this.told = true;
    const nodes = this.nodes.map(({ address, hears }) => ({ endereco: address, responde: hears }));
    if (isWhole) this.options.logger.info({ nos: nodes }, 'todas as partições respondem');
    else {
      this.options.logger.warn(
        { nos: nodes },
        'há partições sem mestre que responda (./particoes.sh inicia); tentando de novo',
      );
    }
    this.options.onAvailable?.(isWhole);
  }
}

/** Looks after which it is said that partitions are missing. */
const FIRST_LOOKS = 12;
