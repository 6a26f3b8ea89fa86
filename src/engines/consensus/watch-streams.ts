import type { ClientDuplexStream } from '@grpc/grpc-js';
import { backoffMs } from '../../core/backoff.js';
import type { Logger } from '../../ports/logger.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import { keysBelow, pairAbove } from './below.js';
import type { EtcdClient } from './etcd-client.js';
import type { EtcdKeySpace } from './etcd-key-space.js';
import type { EtcdMember } from './etcd-member.js';
import type { EtcdEvent, WatchRequest, WatchResponse } from './etcd-messages.js';
import type { EtcdRange } from './layout.js';
import type { ConsensusTuning } from './tuning.js';

/** A watch that follows the changes of a range. */
export interface StreamFollower {
  readonly range: EtcdRange;
  /** Changes come anew from the first revision that it has not had whole, which it returns. */
  goOn(): number;
  /** Changes in order; the first may be some that it has had already. @param isWhole no more of these revisions follows */
  changed(events: readonly EtcdEvent[], isWhole: boolean): void;
  /** There is nothing up to this revision that it has not had. */
  heard(revision: number): void;
  /** The replicas do not have the changes that come next any more. It is followed no longer. */
  compacted(): void;
  /** Called now and then while there is a stream. */
  looked(nowMs: number): void;
}

interface StreamDeps {
  readonly client: EtcdClient;
  readonly space: EtcdKeySpace;
  readonly time: Time;
  readonly random: Random;
  readonly tuning: ConsensusTuning;
  readonly logger: Logger;
}

/**
 * One stream of changes from one member for all watches of this server. Members filter, so a watch costs nothing when
 * other keys are written. When the member ends, falls silent, or is cut off from the others, all go on at another one.
 */
export class WatchStreams {
  private readonly followers = new Map<StreamFollower, number>();
  private readonly byId = new Map<number, StreamFollower>();
  private stream: ClientDuplexStream<WatchRequest, WatchResponse> | undefined;
  private member: EtcdMember | undefined;
  private prefix: Buffer | undefined;
  private opening = false;
  private lastId = 0;
  private failures = 0;
  private turn = 0;
  private cancelTimer: (() => void) | undefined;
  private stopped = false;

  constructor(private readonly deps: StreamDeps) {}

  follow(follower: StreamFollower): void {
    if (this.stopped || this.followers.has(follower)) return;
    this.followers.set(follower, 0);
    if (this.stream === undefined) this.reopen();
    else this.create(follower);
  }

  /** Nothing of it is told to the follower any more. */
  drop(follower: StreamFollower): void {
    const id = this.followers.get(follower);
    if (id === undefined) return;
    this.followers.delete(follower);
    if (this.byId.delete(id)) this.stream?.write({ cancel_request: { watch_id: id } });
    if (this.followers.size === 0) this.end('sem observadores');
  }

  stop(): void {
    this.stopped = true;
    this.cancelTimer?.();
    this.end('parado');
  }

  private reopen(): void {
    if (this.stopped || this.opening || this.followers.size === 0) return;
    this.opening = true;
    const { time, tuning, random } = this.deps;
    const { failures } = this;
    const delayMs =
      failures === 0 ? 0 : backoffMs(failures - 1, tuning.pauseBaseMs, tuning.pauseCapMs, random.next());
    this.cancelTimer?.();
    this.cancelTimer = time.after(delayMs, () => void this.open());
  }

  /** Never rejects: a failure is only a reason to try again. */
  private async open(): Promise<void> {
    const { space, time, tuning } = this.deps;
    try {
      this.prefix ??= await space.prefix(time.monotonicMs() + tuning.attemptMs);
    } catch {
      this.prefix = undefined;
    }
    this.opening = false;
    if (this.stopped || this.followers.size === 0) return;
    const member = this.prefix && this.pick();
    const stream = member?.watch();
    if (stream === undefined) {
      this.failures++;
      this.reopen();
      return;
    }
    this.stream = stream;
    this.member = member;
    stream.on('data', (response: WatchResponse) => {
      if (stream === this.stream) this.onResponse(response);
    });
    const ended = (reason: string): void => {
      if (stream === this.stream) this.lost(reason);
    };
    stream.on('error', (error) => ended(error.message));
    stream.on('end', () => ended('fim'));
    for (const follower of this.followers.keys()) this.create(follower);
    this.look();
  }

  /** The next member in turn of those in the best condition. */
  private pick(): EtcdMember | undefined {
    const { members } = this.deps.client;
    const good = members.filter(({ condition }) => condition === 'good');
    const some = good.length > 0 ? good : members;
    return some[this.turn++ % some.length];
  }

  /** A member that is frozen says nothing, and one that is cut off from the others hears nothing: both leave at once. */
  private look(): void {
    const { time, tuning } = this.deps;
    this.cancelTimer = time.after(tuning.pingMs, () => {
      const { member } = this;
      const nowMs = time.monotonicMs();
      for (const follower of this.followers.keys()) follower.looked(nowMs);
      const others = this.deps.client.members.some(({ condition }) => condition === 'good');
      if (member?.condition === 'good' || !others) {
        this.look();
        return;
      }
      this.lost('réplica sem resposta');
    });
  }

  private lost(reason: string): void {
    this.failures++;
    this.end(reason);
    this.reopen();
  }

  private create(follower: StreamFollower): void {
    const id = ++this.lastId;
    this.followers.set(follower, id);
    this.byId.set(id, follower);
    const { key, range_end } = keysBelow(this.prefix as Buffer, follower.range);
    const asked = { start_revision: follower.goOn(), watch_id: id };
    this.stream?.write({
      create_request: { key, range_end, ...asked, progress_notify: true, prev_kv: true, fragment: true },
    });
  }

  private onResponse(response: WatchResponse): void {
    const follower = this.byId.get(response.watch_id);
    if (follower === undefined) return;
    if (response.canceled && response.compact_revision === 0) {
      this.lost(response.cancel_reason);
      return;
    }
    if (response.canceled) {
      this.drop(follower);
      follower.compacted();
      return;
    }
    this.failures = 0;
    if (response.created) return;
    const { events, fragment, header } = response;
    if (events.length > 0) follower.changed(this.above(events), !fragment);
    else follower.heard(header.revision);
  }

  private above(events: readonly EtcdEvent[]): readonly EtcdEvent[] {
    const prefix = this.prefix as Buffer;
    return events.map((event) => ({ ...event, kv: event.kv && pairAbove(prefix, event.kv) }));
  }

  private end(reason: string): void {
    const { stream, member } = this;
    if (stream === undefined) return;
    this.stream = this.member = undefined;
    this.byId.clear();
    this.cancelTimer?.();
    this.deps.logger.debug({ replica: member?.address, motivo: reason }, 'fim da observação das réplicas');
    stream.on('error', () => undefined);
    stream.cancel();
  }
}
