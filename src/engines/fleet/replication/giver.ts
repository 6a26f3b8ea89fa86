import type { Origin } from '../../../core/dot.js';
import { limits } from '../../../core/limits.js';
import { PartSet } from '../../../core/parts.js';
import type { Store } from '../../../core/store.js';
import { walkPage, WALK_START } from '../../../core/walk.js';
import type {
  Bus,
  LogReply,
  LogRequest,
  Message,
  StateOpening,
  StatePage,
  StatePageRequest,
  StateReply,
  StateRequest,
  VectorReply,
  VectorRequest,
} from '../../../ports/bus.js';
import { replicationLimits } from './limits.js';
import type { RecentLog } from './log.js';
import type { Outbox } from './outbox.js';
import type { Oversize } from './oversize.js';
import type { Causes } from './causes.js';
import type { DigestKeys } from '../../../core/vector-digests.js';
import type { Time } from '../../../ports/time.js';
import type { FleetTuning } from './tuning.js';
import { VectorGiver } from './vector-giver.js';

interface GiverDeps {
  readonly self: Origin;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly log: RecentLog;
  readonly causes: Causes;
  readonly digestKeys: DigestKeys;
  readonly tuning: FleetTuning;
  readonly bus: Bus;
  readonly time: Time;
  readonly oversize: Oversize;
  /** Called when a peer that takes only whole vectors asks for one that is too long. */
  readonly onOldPeer: () => void;
}

/**
 * Answers peers that ask for what they missed. It is stateless: each request says where the asker stands, so any number
 * of askers cost no memory and may disappear.
 */
export class Giver {
  private readonly vectorGiver: VectorGiver;

  constructor(private readonly deps: GiverDeps) {
    this.vectorGiver = new VectorGiver(deps);
  }

  /** Answers a peer, unless that is too much work just now: then it asks again. */
  answer(request: LogRequest | StateRequest | VectorRequest): 'answered' | 'ignored' {
    this.deps.outbox.close();
    const reply = this.replyTo(request);
    if (!reply) return 'ignored';
    this.deps.bus.publish(reply);
    return 'answered';
  }

  private replyTo(request: LogRequest | StateRequest | VectorRequest): Message | undefined {
    switch (request.type) {
      case 'logRequest':
        return this.answerLog(request);
      case 'stateRequest':
        return this.answerState(request);
      case 'vectorRequest':
        return this.answerVector(request);
    }
  }

  private answerVector({ from: to, id, ask }: VectorRequest): VectorReply | undefined {
    const bytes = Math.min(this.deps.tuning.pageBytes, this.mostBytes());
    const difference =
      'buckets' in ask ? this.vectorGiver.page(ask, bytes) : this.vectorGiver.compare(ask, bytes);
    return difference && { type: 'vectorReply', from: this.deps.self, to, id, ...difference };
  }

  private answerLog(request: LogRequest): LogReply {
    const mostBytes = this.mostBytes();
    const pageBytes = Math.min(this.deps.tuning.pageBytes, mostBytes);
    const page = this.deps.log.missing(
      this.deps.store.vector,
      new Map(request.vector),
      pageBytes,
      mostBytes,
      request.only,
    );
    if (this.deps.bus.limitBytes === undefined) this.deps.oversize.clear();
    if (page?.obstacle && page.batches.length === 0) this.deps.oversize.note(page.obstacle, mostBytes);
    const head = { type: 'logReply', from: this.deps.self, to: request.from, id: request.id } as const;
    return page
      ? { ...head, outcome: 'batches', batches: page.batches, more: page.more }
      : { ...head, outcome: 'stateNeeded', batches: [], more: false };
  }

  private answerState(request: StateRequest): StateReply | undefined {
    const head = { type: 'stateReply', from: this.deps.self, to: request.from, id: request.id } as const;
    const body = request.page ? this.page(request.page) : this.opening(request.epoch);
    if (!body) return undefined;
    return this.carried({ ...head, body });
  }

  /** Replaces a reply that the broker would not carry, for which the asker would wait in vain. */
  private carried(reply: StateReply): StateReply {
    const { bus, oversize } = this.deps;
    const { limitBytes } = bus;
    const { body } = reply;
    if (limitBytes === undefined || body.outcome === 'lost') return reply;
    const bytes = bus.sizeOf?.(reply) ?? 0;
    if (bytes <= limitBytes) return reply;
    oversize.note({ key: body.outcome === 'page' ? body.keys[0]?.key : undefined, bytes }, limitBytes);
    return { ...reply, body: { outcome: 'lost' } };
  }

  /** The most bytes that the mutations and keys of one reply may take together. */
  private mostBytes(): number {
    const { limitBytes } = this.deps.bus;
    return limitBytes === undefined ? Infinity : limitBytes - replicationLimits.envelopeBytes;
  }

  /** @param epoch of the digests, if the asker takes the vector by difference */
  private opening(epoch: number | undefined): StateOpening | { readonly outcome: 'lost' } | undefined {
    const { store, causes, tuning } = this.deps;
    const isWhole = epoch === undefined || store.vector.size <= tuning.wholeVectorEntries;
    // A peer that does not take vectors by difference is of an older version: it would show what has expired, and give
    // the numbers of forgotten keys again.
    if (
      (isWhole && store.vector.size > limits.vectorEntries) ||
      (epoch === undefined && store.hasNovelties)
    ) {
      this.deps.onOldPeer();
      return { outcome: 'lost' };
    }
    const vector = isWhole ? store.vector.entries() : this.vectorGiver.digest(epoch);
    if (!vector) return undefined;
    const frontier = causes.frontier.entries();
    const partHashes: string[] = [];
    for (let part = 0; part < limits.parts; part++) partHashes.push(store.partHash(part));
    return {
      outcome: 'opening',
      vector,
      ...(frontier.length <= limits.vectorEntries ? { frontier } : {}),
      logPosition: this.deps.log.position,
      partHashes,
      floors: this.deps.store.floors.entries(),
      fleetMs: this.deps.store.clock.nowMs(),
      cursor: WALK_START,
    };
  }

  private page(request: StatePageRequest): StatePage | { readonly outcome: 'lost' } {
    const parts = PartSet.parse(request.parts);
    const mostBytes = this.mostBytes();
    const pageBytes = Math.min(this.deps.tuning.pageBytes, mostBytes);
    const news = this.deps.log.since(request.logPosition, pageBytes, mostBytes);
    if (!news || !parts) return { outcome: 'lost' };
    const { batches, position: logPosition, more } = news;
    const progress = Math.min(1, request.cursor.slot / Math.max(1, this.deps.store.keyCount));
    // Keys are consistent only after all batches so far, so they wait for a page that has room for all new batches. A
    // single entry may exceed the page budget, so it waits until the new batches leave room for it in a payload.
    const walk = more ? undefined : walkPage(this.deps.store, request.cursor, parts, pageBytes - news.bytes);
    if (
      !walk ||
      (walk.keys.length === 1 && news.bytes > Math.min(pageBytes / 2, replicationLimits.pageNewsBytes))
    ) {
      return { outcome: 'page', batches, logPosition, keys: [], cursor: request.cursor, progress };
    }
    return { outcome: 'page', batches, logPosition, keys: walk.keys, cursor: walk.cursor, progress };
  }
}
