import type { Time } from '../../ports/time.js';
import { BATCH_FUNCTIONS } from './functions.js';
import type { BatchName } from './functions.js';
import { partitionLimits } from './limits.js';
import type { NodeAnswer, RedisNode } from './node.js';

interface Waiting {
  readonly partition: number;
  readonly args: readonly (string | Buffer)[];
  readonly bytes: number;
  readonly resolve: (answer: NodeAnswer) => void;
}

/** Calls of one kind for one node. */
interface Lane {
  readonly waiting: Waiting[];
  /** Batches without an answer. */
  underWay: number;
  isScheduled: boolean;
}

/** What a function answers first for a call that it did not do. */
const NOT_DONE = -1;
/** Instead of arguments: those of the call before. */
const SAME_ARGS = '=';

/**
 * Calls for partitions of one master go to it as one: a call costs a server and a node more than what it does. A call goes
 * by itself and at once while nothing is under way; what comes meanwhile is collected.
 */
export class CallBatches {
  private readonly lanes = new Map<RedisNode, Map<BatchName, Lane>>();

  constructor(private readonly time: Time) {}

  /** Whether a call would go by itself. */
  isIdle(node: RedisNode, name: BatchName): boolean {
    const lane = this.lanes.get(node)?.get(name);
    return lane === undefined || (lane.underWay === 0 && lane.waiting.length === 0);
  }

  /** Notes a call that goes by itself, until it is answered. */
  async alone(node: RedisNode, name: BatchName, answer: Promise<NodeAnswer>): Promise<NodeAnswer> {
    const lane = this.lane(node, name);
    lane.underWay++;
    const found = await answer;
    lane.underWay--;
    this.send(node, name, lane);
    return found;
  }

  /** Sends a call with others. `alone` is the meaning of one that must be asked by itself: nothing was done. Never rejects. */
  together(
    node: RedisNode,
    name: BatchName,
    partition: number,
    args: readonly (string | Buffer)[],
  ): Promise<NodeAnswer> {
    const lane = this.lane(node, name);
    const bytes = args.reduce((sum, arg) => sum + arg.length, 0);
    return new Promise((resolve) => {
      lane.waiting.push({ partition, args, bytes, resolve });
      if (lane.isScheduled) return;
      lane.isScheduled = true;
      this.time.atEndOfTurn(() => {
        lane.isScheduled = false;
        this.send(node, name, lane);
      });
    });
  }

  /** Forgets a node, over which nothing is under way any more. */
  forget(node: RedisNode): void {
    this.lanes.delete(node);
  }

  private lane(node: RedisNode, name: BatchName): Lane {
    let lanes = this.lanes.get(node);
    if (lanes === undefined) this.lanes.set(node, (lanes = new Map<BatchName, Lane>()));
    let lane = lanes.get(name);
    if (lane === undefined) lanes.set(name, (lane = { waiting: [], underWay: 0, isScheduled: false }));
    return lane;
  }

  private send(node: RedisNode, name: BatchName, lane: Lane): void {
    const { batchesUnderWay, batchCalls, batchBytes } = partitionLimits;
    while (lane.waiting.length > 0 && lane.underWay < batchesUnderWay) {
      let [count, bytes] = [0, 0];
      for (const one of lane.waiting) {
        if (count > 0 && (count >= batchCalls || bytes + one.bytes > batchBytes)) break;
        count++;
        bytes += one.bytes;
      }
      void this.sendOne(node, name, lane, lane.waiting.splice(0, count));
    }
  }

  /** Never rejects. */
  private async sendOne(
    node: RedisNode,
    name: BatchName,
    lane: Lane,
    calls: readonly Waiting[],
  ): Promise<void> {
    lane.underWay++;
    const command: (string | Buffer)[] = ['FCALL', BATCH_FUNCTIONS[name], '0'];
    let before: Waiting['args'] | undefined;
    for (const { partition, args } of calls) {
      if (args === before) command.push(String(partition), SAME_ARGS);
      else command.push(String(partition), String(args.length), ...args);
      before = args;
    }
    const answer = await node.attempt(command);
    lane.underWay--;
    if (answer.ok) {
      const replies = answer.reply as readonly (readonly unknown[])[];
      for (const [index, { resolve }] of calls.entries()) resolve(answerIn(replies[index]));
    } else for (const { resolve } of calls) resolve(answer);
    this.send(node, name, lane);
  }
}

function answerIn(reply: readonly unknown[] | undefined): NodeAnswer {
  if (reply !== undefined && reply[0] !== NOT_DONE) return { ok: true, reply };
  return {
    ok: false,
    meaning: 'alone',
    error: new Error(reply === undefined ? '' : String(reply.at(-1))),
  };
}
