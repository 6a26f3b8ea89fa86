import { KvsError } from '../../core/errors.js';
import type { Time } from '../../ports/time.js';
import type { PartitionCaller, PartitionCallOptions } from './caller.js';
import type { RedisCluster } from './cluster.js';
import { unknownOutcome } from './failures.js';
import { READ_ONLY } from './functions.js';
import type { FunctionName } from './functions.js';
import { isSameHistory, witnessIn } from './histories.js';
import type { Witness } from './histories.js';
import { partitionLimits } from './limits.js';
import { hasSeen } from './session-seen.js';
import type { SeenPlace, SessionSeen } from './session-seen.js';
import type { Witnessed } from './witnessed.js';

type Args = readonly (string | Buffer)[];
type Look = readonly [command: string, ...args: (string | Buffer)[]];

/**
 * Asks partitions in a session: whatever is answered comes from a history that has all that the session has seen of that
 * partition, and is noted. A master that was cut off, or replaced with a loss, is told by its history: it is asked again
 * until the time is over, for another may have the partition by then.
 */
export class SessionCaller implements PartitionCaller {
  /** @param endMs of the monotonic clock: until then a history that lacks something may be replaced */
  constructor(
    private readonly cluster: Pick<RedisCluster, 'between' | 'call' | 'sleep'>,
    readonly seen: SessionSeen,
    private readonly time: Time,
    private readonly endMs: number,
  ) {}

  /** @throws KvsError SESSAO_ADIANTE, and nothing was done; otherwise as of any caller */
  call(name: FunctionName, partition: number, args: Args, options: PartitionCallOptions): Promise<unknown> {
    return READ_ONLY.has(name)
      ? this.read(partition, { name }, args, options)
      : this.write(partition, name, args, options);
  }

  look(partition: number, [command, ...args]: Look, deadline: number): Promise<unknown> {
    return this.read(partition, { command }, args, { deadline });
  }

  /** Waits until every partition of which something was seen has it. @throws KvsError SESSAO_ADIANTE */
  async reachAll(deadline: number): Promise<void> {
    await Promise.all(this.seen.partitions.map((partition) => this.reached(partition, deadline)));
  }

  private async read(
    partition: number,
    what: { readonly name: FunctionName } | { readonly command: string },
    args: Args,
    options: PartitionCallOptions,
  ): Promise<unknown> {
    for (;;) {
      const place = this.seen.at(partition);
      const us = place?.us ?? 0;
      const { reply, before, after } = await this.cluster.between(partition, what, args, { ...options, us });
      const [first, second] = [witnessIn(before), witnessIn(after)];
      if (this.has(place, first) && isSameHistory(first, second)) {
        this.seen.note(partition, second);
        return reply;
      }
      await this.pause(place, first);
    }
  }

  private async write(
    partition: number,
    name: FunctionName,
    args: Args,
    options: PartitionCallOptions,
  ): Promise<unknown> {
    const checked = await this.reached(partition, options.deadline);
    const us = this.seen.at(partition)?.us ?? 0;
    const answer = await this.cluster.between(partition, { name }, args, { ...options, us });
    const after = await this.witnessAfter(partition, answer, options.deadline);
    const before = answer.before === undefined ? undefined : witnessIn(answer.before);
    // In another history it may not be behind what the session has seen, or be lost already.
    if (!isSameHistory(checked, after) || (before !== undefined && !isSameHistory(checked, before))) {
      throw unknownOutcome();
    }
    this.seen.note(partition, after);
    return answer.reply;
  }

  private async witnessAfter(partition: number, { after }: Witnessed, deadline: number): Promise<Witness> {
    if (after !== undefined) return witnessIn(after);
    try {
      return await this.witness(partition, 0, deadline);
    } catch (error) {
      throw unknownOutcome(error);
    }
  }

  /** Waits until a partition has what was seen of it. */
  private async reached(partition: number, deadline: number): Promise<Witness> {
    for (;;) {
      const place = this.seen.at(partition);
      const witness = await this.witness(partition, place?.us ?? 0, deadline);
      if (this.has(place, witness)) return witness;
      await this.pause(place, witness);
    }
  }

  private async witness(partition: number, us: number, deadline: number): Promise<Witness> {
    return witnessIn(await this.cluster.call('seen', partition, [String(us)], { deadline }));
  }

  private has(place: SeenPlace | undefined, witness: Witness): boolean {
    return hasSeen(place, witness) && witness.nowMs >= this.seen.ms;
  }

  /** @throws KvsError SESSAO_ADIANTE once the time is over */
  private async pause(place: SeenPlace | undefined, witness: Witness): Promise<void> {
    if (this.time.monotonicMs() + partitionLimits.pauseMs >= this.endMs) throw ahead(place, witness);
    await this.cluster.sleep(partitionLimits.pauseMs);
  }
}

function ahead(place: SeenPlace | undefined, witness: Witness): KvsError {
  return new KvsError(
    'SESSAO_ADIANTE',
    hasSeen(place, witness)
      ? 'o relógio do mestre desta partição está atrás do que esta sessão já viu; nada foi feito, tente de novo'
      : 'o mestre desta partição não tem o que esta sessão já viu: outro tomou o lugar dele e não o tinha, ou não há ' +
          'mais como saber; nada foi feito. Tente de novo, ou comece outra sessão',
  );
}
