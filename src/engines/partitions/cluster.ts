import { backoffMs } from '../../core/backoff.js';
import { KvsError } from '../../core/errors.js';
import type { Logger } from '../../ports/logger.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import { CallBatches } from './batches.js';
import type { PartitionCaller, PartitionCallOptions } from './caller.js';
import { mastersOf, parseNodes } from './cluster-view.js';
import type { NodeView } from './cluster-view.js';
import {
  diskTrouble,
  noMemory,
  notLetIn,
  redirection,
  leavingPartitions,
  unavailable,
  unknownOutcome,
} from './failures.js';
import type { NodeMeaning } from './failures.js';
import { FUNCTIONS, isBatchName, LIBRARY, READ_ONLY, SUBJECTS } from './functions.js';
import type { FunctionName } from './functions.js';
import { logName, partitionName, slotOf } from './layout.js';
import { partitionLimits } from './limits.js';
import { RedisNode } from './node.js';
import type { NodeAccess, NodeAnswer } from './node.js';
import { askBetween } from './witnessed.js';
import type { Witnessed } from './witnessed.js';

interface ClusterOptions {
  /** `host:port` of nodes that tell the others. */
  readonly seeds: readonly string[];
  readonly access: NodeAccess;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
  /** Called after every look at the nodes. */
  readonly onLook: () => void;
}

interface Failure {
  readonly meaning: NodeMeaning;
  readonly error: Error | undefined;
}

/** What is asked of a master, until one answers. */
interface Question {
  readonly partition: number;
  readonly isRead: boolean;
  readonly ask: (node: RedisNode, isAsking: boolean) => Promise<NodeAnswer>;
  /** How it is asked the first time, if that is another way. */
  readonly gather?: (node: RedisNode) => Promise<NodeAnswer>;
}

/**
 * The nodes of a Redis Cluster: who has which partition, by what all of them say, and what is asked of them. Redirections
 * are followed; what was refused before anything was done is asked again until the deadline; what may have been done is
 * asked again only where that does no harm.
 */
export class RedisCluster implements PartitionCaller {
  private readonly nodesByAddress = new Map<string, RedisNode>();
  private views = new Map<string, readonly NodeView[]>();
  /** The address of each partition's master. */
  private readonly masters = new Array<string | undefined>(partitionLimits.partitions).fill(undefined);
  private readonly slots = Array.from({ length: partitionLimits.partitions }, (_, p) => slotOf(p));
  private readonly names = Array.from({ length: partitionLimits.partitions }, (_, p) => partitionName(p));
  private readonly logs = Array.from({ length: partitionLimits.partitions }, (_, p) => logName(p));
  private readonly batches: CallBatches;
  private cancelLook: (() => void) | undefined;
  private isStopped = false;
  /** Called with the node that has answered a write. */
  onWritten: (node: RedisNode) => void = () => undefined;

  constructor(private readonly options: ClusterOptions) {
    this.batches = new CallBatches(options.time);
  }

  start(): void {
    for (const address of this.options.seeds) this.node(address);
    void this.lookAround();
  }

  stop(): void {
    this.isStopped = true;
    this.cancelLook?.();
    for (const node of this.nodesByAddress.values()) node.close();
  }

  get nodes(): readonly RedisNode[] {
    return [...this.nodesByAddress.values()];
  }

  /** The view of the node that knows most: of the greatest epoch. */
  get view(): readonly NodeView[] {
    const epochOf = (view: readonly NodeView[]): number => Math.max(0, ...view.map(({ epoch }) => epoch));
    const all = [...this.views.values()];
    return all.reduce((best, view) => (epochOf(view) > epochOf(best) ? view : best), all[0] ?? []);
  }

  /** Whether every partition has a master that answers. */
  get isWhole(): boolean {
    const addresses = new Set(this.masters);
    return [...addresses].every(
      (address) => address !== undefined && this.nodesByAddress.get(address)?.hears === true,
    );
  }

  /** The masters of all partitions, each once. */
  masterNodes(): readonly RedisNode[] {
    const addresses = new Set(this.masters.filter((address) => address !== undefined));
    return [...addresses].map((address) => this.node(address));
  }

  call(
    name: FunctionName,
    partition: number,
    args: readonly (string | Buffer)[],
    options: PartitionCallOptions,
  ): Promise<unknown> {
    const ask = (node: RedisNode, isAsking = false): Promise<NodeAnswer> =>
      node.attempt(['FCALL', FUNCTIONS[name], ...this.subjects(name, partition), ...args], isAsking);
    const { batches } = this;
    const isRead = READ_ONLY.has(name);
    if (!isBatchName(name) || (name === 'write' && options.gathers !== true)) {
      return this.answerTo({ partition, isRead, ask }, options);
    }
    // Together with other calls for this node, unless there are none. What asks all partitions never comes alone.
    const gather = (node: RedisNode): Promise<NodeAnswer> =>
      (name === 'write' || name === 'read') && batches.isIdle(node, name)
        ? batches.alone(node, name, ask(node))
        : batches.together(node, name, partition, args);
    return this.answerTo({ partition, isRead, ask, gather }, options);
  }

  look(
    partition: number,
    [command, ...args]: readonly [command: string, ...args: (string | Buffer)[]],
    deadline: number,
  ): Promise<unknown> {
    const words = [command, this.names[partition] as string, ...args];
    const ask = (node: RedisNode, isAsking: boolean): Promise<NodeAnswer> => node.attempt(words, isAsking);
    const first = this.isStopped ? undefined : this.nodeOf(partition);
    if (first === undefined) return this.answerTo({ partition, isRead: true, ask }, { deadline });
    // Nearly all are answered at once. A read that was not is asked again, as if it had not been asked yet.
    return first.attempt(words).then((answer) => {
      return answer.ok ? answer.reply : this.answerTo({ partition, isRead: true, ask }, { deadline });
    });
  }

  /**
   * Carries out a function, or a command as {@link look} does, between two questions which history its node has.
   * @param us of the log's entry that the history must have
   */
  async between(
    partition: number,
    what: { readonly name: FunctionName } | { readonly command: string },
    args: readonly (string | Buffer)[],
    { us, ...options }: PartitionCallOptions & { readonly us: number },
  ): Promise<Witnessed> {
    const isRead = 'command' in what || READ_ONLY.has(what.name);
    const words =
      'command' in what
        ? [what.command, this.names[partition] as string, ...args]
        : ['FCALL', FUNCTIONS[what.name], ...this.subjects(what.name, partition), ...args];
    const seen = ['FCALL', FUNCTIONS.seen, ...this.subjects('seen', partition), String(us)];
    const ask = (node: RedisNode, isAsking: boolean): Promise<NodeAnswer> =>
      askBetween(node, { seen, words, isRead, isAsking });
    return (await this.answerTo({ partition, isRead, ask }, options)) as Witnessed;
  }

  private async answerTo(
    question: Question,
    { deadline, isRepeatable = false }: PartitionCallOptions,
  ): Promise<unknown> {
    const { partition, isRead } = question;
    let { gather } = question;
    let target = this.masters[partition];
    let isAsking = false;
    let redirections = 0;
    let failures = 0;
    // The first failure after which it may have been done.
    let doubt: Error | undefined;
    for (;;) {
      if (this.isStopped) throw doubt === undefined || isRead ? leavingPartitions() : unknownOutcome(doubt);
      const node = target === undefined ? undefined : this.node(target);
      const answer: NodeAnswer | undefined =
        node && (await (gather === undefined ? question.ask(node, isAsking) : gather(node)));
      gather = undefined;
      if (answer?.ok === true) {
        if (!isRead) this.onWritten(node as RedisNode);
        return answer.reply;
      }
      const { meaning, error }: Failure = answer ?? { meaning: 'unsent', error: undefined };
      if (meaning === 'unknown' && !isRead) {
        doubt ??= error;
        if (!isRepeatable) throw unknownOutcome(error);
      }
      isAsking = false;
      if (meaning === 'alone') continue;
      if ((meaning === 'moved' || meaning === 'ask') && redirections++ < partitionLimits.redirections) {
        target = redirection(error?.message ?? '', target ?? '');
        isAsking = meaning === 'ask';
        if (!isAsking) this.masters[partition] = target;
        continue;
      }
      if (meaning === 'unloaded' && (await this.load(node as RedisNode)) && failures++ === 0) continue;
      const refusal = this.refusal(meaning, error);
      if (refusal !== undefined) throw doubt === undefined ? refusal : unknownOutcome(doubt);
      const { pauseMs, pauseMsMax } = partitionLimits;
      const restMs = backoffMs(failures++, pauseMs, pauseMsMax, this.options.random.next());
      if (this.options.time.monotonicMs() + restMs >= deadline) {
        throw doubt === undefined ? unavailable(error) : unknownOutcome(doubt);
      }
      await this.sleep(restMs);
      redirections = 0;
      target = this.masters[partition];
    }
  }

  /** The address of a partition's master; `undefined` if it is not known. */
  masterOf(partition: number): string | undefined {
    return this.masters[partition];
  }

  /** A partition's master, if it is known. */
  nodeOf(partition: number): RedisNode | undefined {
    const address = this.masters[partition];
    return address === undefined ? undefined : this.node(address);
  }

  /** The keys of a partition that a function uses, with their number before them. */
  private subjects(name: FunctionName, partition: number): readonly string[] {
    const [set, log] = [this.names[partition] as string, this.logs[partition] as string];
    if (SUBJECTS[name] === 'both') return ['2', set, log];
    return ['1', SUBJECTS[name] === 'log' ? log : set];
  }

  /** The name of a partition whose master is at an address; `undefined` if it has none. */
  partitionNameAt(address: string): string | undefined {
    const partition = this.masters.indexOf(address);
    return partition < 0 ? undefined : this.names[partition];
  }

  /** Waits so long; the process may end meanwhile. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.options.time.after(ms, resolve));
  }

  /** The error for what asking again does not change. */
  private refusal(meaning: NodeMeaning, error: Error | undefined): KvsError | undefined {
    if (meaning === 'full') return noMemory(error);
    if (meaning === 'broken') return diskTrouble(error);
    if (meaning === 'locked') return notLetIn(error);
    if (meaning !== 'refused') return undefined;
    return new KvsError('INTERNO', `um nó recusou: ${error?.message ?? ''}`, { cause: error });
  }

  /** Gives a node the functions. @returns whether it has them now */
  private async load(node: RedisNode): Promise<boolean> {
    const answer = await node.attempt(['FUNCTION', 'LOAD', LIBRARY]);
    if (answer.ok) return true;
    // Another server was faster.
    if (answer.error.message.includes('already exists')) return true;
    this.options.logger.warn({ no: node.address, motivo: answer.error.message }, 'o nó não tomou as funções');
    return false;
  }

  private node(address: string): RedisNode {
    const known = this.nodesByAddress.get(address);
    if (known !== undefined) return known;
    const node = new RedisNode(address, this.options.access, this.options.time);
    if (this.isStopped) node.close();
    this.nodesByAddress.set(address, node);
    return node;
  }

  /** Asks every node for its view. Whoever does not answer is asked again the next time. */
  private async lookAround(): Promise<void> {
    const { time, onLook } = this.options;
    this.cancelLook = time.after(partitionLimits.viewMs, () => void this.lookAround());
    for (const node of this.nodesByAddress.values()) node.tick();
    const asked = this.nodes.map(async (node) => {
      const answer = await node.attempt(['CLUSTER', 'NODES']);
      if (this.isStopped) return;
      if (answer.ok) this.take(node, parseNodes(String(answer.reply)));
      else this.views.delete(node.address);
      onLook();
    });
    await Promise.all(asked);
  }

  private take(node: RedisNode, view: readonly NodeView[]): void {
    this.views.set(node.address, view);
    const addresses = mastersOf(this.views.values());
    for (const [partition, slot] of this.slots.entries()) {
      const address = addresses[slot];
      if (address !== undefined) this.masters[partition] = address;
    }
    const known = new Set([...this.options.seeds, ...this.masters]);
    for (const { address } of view) {
      known.add(address);
      if (this.nodesByAddress.size < partitionLimits.nodes) this.node(address);
    }
    if (this.views.size < this.nodesByAddress.size) return;
    // Nodes of which nobody speaks any more.
    const spoken = new Set([...this.views.values()].flatMap((one) => one.map(({ address }) => address)));
    for (const [address, other] of this.nodesByAddress) {
      if (known.has(address) || spoken.has(address)) continue;
      other.close();
      this.batches.forget(other);
      this.nodesByAddress.delete(address);
      this.views.delete(address);
    }
  }
}
