import type { Time } from '../../ports/time.js';
import type { RedisCluster } from './cluster.js';
import { redirection } from './failures.js';
import { partitionOfLog } from './layout.js';
import { partitionLimits } from './limits.js';
import { LogLane } from './log-lane.js';
import type { LaneHost } from './log-lane.js';
import { LogTap } from './log-tap.js';
import type { NodeAccess, NodeAnswer, RedisCommand } from './node.js';

interface RoutesDeps {
  readonly cluster: Pick<RedisCluster, 'masterOf'>;
  readonly access: NodeAccess;
  readonly time: Time;
}

/** Whoever reads the logs. */
export interface LogReader {
  /** What to ask for what a log has new. */
  questions(partition: number): readonly RedisCommand[];
  /** The answers, all good but for a log that is not there. @returns `again`: they are not all, or tell nothing yet */
  took(partition: number, answers: readonly NodeAnswer[]): 'whole' | 'more' | 'again';
  readonly wanted: number;
  turned(): void;
}

const { partitions } = partitionLimits;
const NO_LOG = /no such key/;

/** Where each log is read: at its master, also while it moves to another one. Knows up to when the logs are known. */
export class LogRoutes implements LaneHost {
  private readonly places = new Array<string | undefined>(partitions).fill(undefined);
  /** Logs that are read elsewhere than where they belong (`ASK`), and where they belong. */
  private readonly asking = new Map<number, string>();
  /** Up to when logs are known that have changed and were not read yet. */
  private readonly bounds = new Map<number, number>();
  private readonly lanes = new Map<string, LogLane>();

  constructor(
    private readonly deps: RoutesDeps,
    private readonly reader: LogReader,
  ) {}

  start(): void {
    for (let partition = 0; partition < partitions; partition++) this.bounds.set(partition, -Infinity);
    this.look();
  }

  stop(): void {
    for (const lane of this.lanes.values()) lane.close();
    this.lanes.clear();
    this.bounds.clear();
    this.asking.clear();
    this.places.fill(undefined);
  }

  /** To be called after every look at the nodes: partitions may have other masters. */
  look(): void {
    for (let partition = 0; partition < partitions; partition++) {
      const address = this.deps.cluster.masterOf(partition);
      if (address === undefined || address === this.places[partition]) continue;
      if (this.asking.get(partition) === address) continue;
      this.asking.delete(partition);
      this.move(partition, address);
    }
    for (const [address, lane] of this.lanes) {
      if (lane.placed.size > 0) continue;
      lane.close();
      this.lanes.delete(address);
    }
  }

  wakeAll(): void {
    for (const lane of this.lanes.values()) lane.wake();
  }

  /** Up to which time everything is known, of all partitions or of one. */
  knownOf(partition: number | undefined): number {
    if (partition !== undefined) {
      const lane = this.lanes.get(this.places[partition] ?? '');
      return this.bounds.get(partition) ?? lane?.frontier ?? -Infinity;
    }
    let known = this.lanes.size === 0 ? -Infinity : Infinity;
    for (const bound of this.bounds.values()) known = Math.min(known, bound);
    for (const { frontier } of this.lanes.values()) known = Math.min(known, frontier);
    return known;
  }

  // ── for lanes ──────────────────────────────────────────────────────────────────────────────────────────────────

  get wanted(): number {
    return this.reader.wanted;
  }

  after(delayMs: number, call: () => void): () => void {
    return this.deps.time.after(delayMs, call);
  }

  questions(partition: number): readonly RedisCommand[] {
    const questions = this.reader.questions(partition);
    return this.asking.has(partition) ? questions.flatMap((question) => [['ASKING'], question]) : questions;
  }

  took(partition: number, lane: LogLane, all: readonly NodeAnswer[]): void {
    // It was moved meanwhile.
    if (this.places[partition] !== lane.address) return;
    const answers = this.asking.has(partition) ? all.filter((_, at) => at % 2 === 1) : all;
    const failure = answers.find((answer) => !answer.ok && !NO_LOG.test(answer.error.message));
    if (failure?.ok === false) {
      this.notTaken(partition, lane, failure);
      return;
    }
    const outcome = this.reader.took(partition, answers);
    if (outcome === 'again') this.hold(partition, lane.frontier);
    else this.bounds.delete(partition);
    if (outcome !== 'whole') lane.dirty.add(partition);
  }

  turned(): void {
    this.reader.turned();
    this.wakeAll();
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private laneAt(address: string): LogLane {
    const known = this.lanes.get(address);
    if (known !== undefined) return known;
    const { access, time } = this.deps;
    const tap = new LogTap(address, { access, time, onChanged: (name) => this.changed(address, name) });
    const lane = new LogLane(address, tap, this);
    this.lanes.set(address, lane);
    return lane;
  }

  private changed(address: string, name: string | undefined): void {
    const lane = this.lanes.get(address);
    if (lane === undefined) return;
    if (name === undefined) {
      // What changed while nobody listened is not known.
      for (const partition of lane.placed) {
        this.hold(partition, lane.frontier);
        lane.dirty.add(partition);
      }
    } else {
      const partition = partitionOfLog(name);
      if (partition !== undefined && lane.placed.has(partition)) lane.dirty.add(partition);
    }
    lane.wake();
  }

  /** Nothing is known of a partition behind this time, until it is read again. */
  private hold(partition: number, bound: number): void {
    if (!this.bounds.has(partition)) this.bounds.set(partition, bound);
  }

  private move(partition: number, address: string): void {
    const before = this.lanes.get(this.places[partition] ?? '');
    this.hold(partition, before?.frontier ?? -Infinity);
    before?.placed.delete(partition);
    before?.dirty.delete(partition);
    this.places[partition] = address;
    const lane = this.laneAt(address);
    lane.placed.add(partition);
    lane.dirty.add(partition);
    lane.wake();
  }

  private notTaken(
    partition: number,
    lane: LogLane,
    { meaning, error }: Extract<NodeAnswer, { readonly ok: false }>,
  ): void {
    this.hold(partition, lane.frontier);
    lane.dirty.add(partition);
    if (meaning !== 'moved' && meaning !== 'ask') return;
    const target = redirection(error.message, lane.address);
    if (target === undefined || target === lane.address) return;
    if (meaning === 'ask') this.asking.set(partition, lane.address);
    else this.asking.delete(partition);
    this.move(partition, target);
  }
}
