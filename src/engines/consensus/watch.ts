import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import type { EtcdClient } from './etcd-client.js';
import type { HeadCache } from './head-cache.js';
import { keysBelow, pairAbove } from './below.js';
import type { EtcdKeySpace } from './etcd-key-space.js';
import { ALL_HEADS, keyOfHead } from './layout.js';
import { ourHead } from './records.js';
import type { ConsensusTuning } from './tuning.js';
import { EVENT_DELETE } from './etcd-messages.js';
import type { WatchRequest, WatchResponse } from './etcd-messages.js';

/**
 * Keeps cached heads fresh while other servers write them. Nothing depends on it: a missed change costs the next user
 * of the head a second request.
 */
export class HeadWatch {
  private stream: ClientDuplexStream<WatchRequest, WatchResponse> | undefined;
  private cancelRetry: (() => void) | undefined;
  private stopped = false;
  private turn = 0;

  constructor(
    private readonly client: EtcdClient,
    private readonly space: EtcdKeySpace,
    private readonly cache: HeadCache,
    private readonly time: Time,
    private readonly tuning: ConsensusTuning,
    private readonly logger: Logger,
  ) {}

  start(): void {
    void this.open();
  }

  stop(): void {
    this.stopped = true;
    this.cancelRetry?.();
    this.stream?.cancel();
  }

  /** Never rejects: a failure is only a reason to try again later. */
  private async open(): Promise<void> {
    try {
      const deadline = this.time.monotonicMs() + this.tuning.attemptMs;
      this.follow(await this.space.prefix(deadline));
    } catch (thrown) {
      this.logger.debug({ motivo: String(thrown) }, 'sem observar as réplicas por enquanto');
      this.retry();
    }
  }

  private follow(prefix: Buffer): void {
    if (this.stopped) return;
    const { members } = this.client;
    const good = members.filter(({ condition }) => condition === 'good');
    const member = good[this.turn++ % Math.max(good.length, 1)];
    const stream = member?.watch();
    if (stream === undefined) {
      this.retry();
      return;
    }
    this.stream = stream;
    let ended = false;
    const end = (reason: string): void => {
      if (ended) return;
      ended = true;
      this.logger.debug({ replica: member?.address, motivo: reason }, 'fim da observação das réplicas');
      stream.cancel();
      this.retry();
    };
    stream.on('data', (response: WatchResponse) => {
      if (response.canceled) end(response.cancel_reason);
      else this.take(prefix, response);
    });
    stream.on('error', (error) => end(error.message));
    stream.on('end', () => end('fim'));
    stream.write({ create_request: keysBelow(prefix, ALL_HEADS) });
  }

  private take(prefix: Buffer, { events }: WatchResponse): void {
    for (const { type, kv } of events) {
      if (kv === null) continue;
      const key = keyOfHead(pairAbove(prefix, kv).key);
      if (!this.cache.has(key)) continue;
      const head = type === EVENT_DELETE ? undefined : ourHead(kv);
      // Heads are removed or overwritten with something else only by an administrator.
      if (head === undefined) this.cache.forget(key);
      else this.cache.refresh(key, head);
    }
  }

  private retry(): void {
    if (this.stopped) return;
    this.cancelRetry = this.time.after(this.tuning.watchRetryMs, () => void this.open());
  }
}
