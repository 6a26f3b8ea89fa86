import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { Time } from '../../ports/time.js';
import { replicasOfEach } from './cluster-view.js';
import type { RedisCluster } from './cluster.js';
import { partitionLimits } from './limits.js';
import type { RedisNode } from './node.js';

/** The writes of a node that this server was answered, by their numbers. */
interface Written {
  /** The connection that carried the last one. */
  connection: number;
  last: number;
  /** Up to this one it is known what became of them. */
  settled: number;
  /** Up to this one they were carried by a connection that was lost since. */
  lost: number;
}

/** A question to a node how many of its replicas have all that it had. */
interface Round {
  /** Whether the node has been asked; whoever comes later waits for the next round. */
  isAsked: boolean;
  readonly holders: Promise<number>;
}

/**
 * Confirmations by replicas (`WAIT`). A master that was replaced, or lost its connection, since a write was answered
 * confirms nothing: another may be in its place that never had it.
 */
export class ReplicaConfirmations {
  private readonly written = new Map<RedisNode, Written>();
  private readonly rounds = new Map<RedisNode, Round>();
  private waiting = 0;

  constructor(
    private readonly cluster: Pick<RedisCluster, 'view' | 'partitionNameAt' | 'sleep'>,
    private readonly time: Time,
  ) {}

  /** To be called for every write that a node has answered. */
  note(node: RedisNode): void {
    const { connections } = node;
    const known = this.written.get(node);
    if (known === undefined) {
      this.written.set(node, { connection: connections, last: 1, settled: 0, lost: 0 });
      return;
    }
    if (known.connection !== connections) {
      known.lost = known.last;
      known.connection = connections;
    }
    known.last++;
  }

  assertConfirmable(servers: number): void {
    if (this.waiting >= partitionLimits.waitingConfirmations)
      throw new KvsError(
        'LIMITE_PEDIDOS',
        'escritas demais esperam por réplicas; nada foi gravado, tente de novo',
      );
    const most = replicasOfEach(this.cluster.view);
    // Whoever knows no master yet refuses the write itself.
    if (most === undefined || servers <= most) return;
    throw new KvsError(
      'NAO_SUPORTADO',
      `cada mestre tem ${String(most)} réplica(s), e mais do que isso não confirma. Nada foi gravado`,
    );
  }

  async confirm(servers: number, waitMs: number): Promise<number> {
    const endMs = this.time.monotonicMs() + waitMs;
    this.waiting++;
    try {
      const open = [...this.written].filter(([, { last, settled }]) => last > settled);
      const asked = open.map(async ([node, written]) => this.holdersOf(node, written, servers, endMs));
      return Math.min(limits.confirmServers, ...(await Promise.all(asked)));
    } finally {
      this.waiting--;
    }
  }

  /** How many replicas of a node have what it had at this moment; asked again until they are enough or time is over. */
  private async holdersOf(
    node: RedisNode,
    written: Written,
    servers: number,
    endMs: number,
  ): Promise<number> {
    const { last, connection } = written;
    const restMs = (): number => endMs - this.time.monotonicMs();
    for (;;) {
      const silence = this.cluster.sleep(Math.max(restMs(), 0)).then(() => 0);
      const found = await Promise.race([this.round(node, servers), silence]);
      // What was lost with its connection may not have come to whoever is there now.
      const isLost = written.lost > written.settled || node.connections !== connection;
      if (isLost || found >= servers) {
        written.settled = Math.max(written.settled, last);
        return isLost ? 0 : found;
      }
      if (restMs() <= partitionLimits.pauseMs) return found;
      await this.cluster.sleep(partitionLimits.pauseMs);
    }
  }

  private async round(node: RedisNode, servers: number): Promise<number> {
    for (let known = this.rounds.get(node); known !== undefined; known = this.rounds.get(node)) {
      if (!known.isAsked) return known.holders;
      await known.holders;
    }
    const round: Round = { isAsked: false, holders: this.ask(node, servers, () => (round.isAsked = true)) };
    this.rounds.set(node, round);
    return round.holders;
  }

  private async ask(node: RedisNode, servers: number, onAsked: () => void): Promise<number> {
    // Whoever comes in this turn is asked for together.
    await Promise.resolve();
    onAsked();
    const name = this.cluster.partitionNameAt(node.address);
    const holders = name === undefined ? 0 : await node.holders(`${name}confirma`, servers);
    this.rounds.delete(node);
    return holders;
  }
}
