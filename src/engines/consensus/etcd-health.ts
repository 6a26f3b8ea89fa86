import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import type { EtcdClient } from './etcd-client.js';
import { CONDITION_TEXTS } from './etcd-member.js';
import type { ConsensusTuning } from './tuning.js';
import { RANGE } from './etcd-messages.js';

/** An unused key: a linearizable read of it needs a majority and nothing else. */
const NOTHING = Buffer.from('m');

/** Rounds without any answer after which the majority counts as lost: a single one may be just a slow moment. */
const ROUNDS_LOST = 2;

/**
 * Probes every member, so that no request has to discover a frozen one, and so that people see whether there is a
 * majority.
 */
export class EtcdHealth {
  available = false;
  private roundsLost = 0;
  private told = false;
  private cancel: (() => void) | undefined;
  private stopped = false;

  constructor(
    private readonly client: EtcdClient,
    private readonly time: Time,
    private readonly tuning: ConsensusTuning,
    private readonly logger: Logger,
    private readonly onAvailable: (available: boolean) => void,
  ) {}

  start(): void {
    void this.round();
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  private async round(): Promise<void> {
    const { attemptMs, pingMs } = this.tuning;
    const began = this.time.monotonicMs();
    const request = { key: NOTHING, count_only: true };
    // The first answer is enough: a frozen member must not delay the news.
    const pings = this.client.members.map(async (member) => {
      const { ok } = await member.attempt(RANGE, request, attemptMs, false);
      if (ok) this.heard();
      return ok;
    });
    const answers = await Promise.all(pings);
    if (this.stopped) return;
    if (!answers.includes(true)) this.silence();
    const rest = Math.max(pingMs - (this.time.monotonicMs() - began), 0);
    this.cancel = this.time.after(rest, () => void this.round());
  }

  private heard(): void {
    this.roundsLost = 0;
    this.change(true);
  }

  private silence(): void {
    this.roundsLost++;
    if (this.roundsLost >= ROUNDS_LOST || !this.told) this.change(false);
  }

  private change(available: boolean): void {
    if (this.stopped || (this.told && available === this.available)) return;
    this.available = available;
    this.told = true;
    if (available) this.logger.info({}, 'as réplicas respondem com maioria');
    else {
      const replicas = this.client.members.map(({ address, condition }) => {
        return { endereco: address, estado: CONDITION_TEXTS[condition] };
      });
      this.logger.warn(
        { replicas },
        'as réplicas não respondem com maioria (./replica.sh as inicia); tentando de novo',
      );
    }
    this.onAvailable(available);
  }
}
