import type { Origin } from '../../../core/dot.js';
import { limits } from '../../../core/limits.js';
import { PartSet } from '../../../core/parts.js';
import type { Store } from '../../../core/store.js';
import { walkPage, WALK_START } from '../../../core/walk.js';
import type {
  Bus,
  LogReply,
  LogRequest,
  StateOpening,
  StatePage,
  StatePageRequest,
  StateReply,
  StateRequest,
} from '../../../ports/bus.js';
import { replicationLimits } from './limits.js';
import type { RecentLog } from './log.js';
import type { Outbox } from './outbox.js';
import type { Oversize } from './oversize.js';
import type { FleetTuning } from './tuning.js';

/**
 * Answers peers that ask for what they missed. It is stateless: each request says where the asker stands, so any number
 * of askers cost no memory and may disappear.
 */
export class Giver {
  constructor(
    private readonly self: Origin,
    private readonly store: Store,
    private readonly outbox: Outbox,
    private readonly log: RecentLog,
    private readonly tuning: FleetTuning,
    private readonly bus: Bus,
    private readonly oversize: Oversize,
  ) {}

  answerLog(request: LogRequest): LogReply {
    this.outbox.close();
    const mostBytes = this.mostBytes();
    const pageBytes = Math.min(this.tuning.pageBytes, mostBytes);
    const page = this.log.missing(this.store.vector, new Map(request.vector), pageBytes, mostBytes);
    if (this.bus.limitBytes === undefined) this.oversize.clear();
    if (page?.obstacle && page.batches.length === 0) this.oversize.note(page.obstacle, mostBytes);
    const head = { type: 'logReply', from: this.self, to: request.from, id: request.id } as const;
    return page
      ? { ...head, outcome: 'batches', batches: page.batches, more: page.more }
      : { ...head, outcome: 'stateNeeded', batches: [], more: false };
  }

  answerState(request: StateRequest): StateReply {
    this.outbox.close();
    const head = { type: 'stateReply', from: this.self, to: request.from, id: request.id } as const;
    const body = request.page ? this.page(request.page) : this.opening();
    return this.carried({ ...head, body });
  }

  /** Replaces a reply that the broker would not carry, for which the asker would wait in vain. */
  private carried(reply: StateReply): StateReply {
    const { bus, oversize } = this;
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
    const { limitBytes } = this.bus;
    return limitBytes === undefined ? Infinity : limitBytes - replicationLimits.envelopeBytes;
  }

  private opening(): StateOpening {
    const partHashes: string[] = [];
    for (let part = 0; part < limits.parts; part++) partHashes.push(this.store.partHash(part));
    return {
      outcome: 'opening',
      vector: this.store.vector.entries(),
      logPosition: this.log.position,
      partHashes,
      floors: this.store.floors.entries(),
      fleetMs: this.store.clock.nowMs(),
      cursor: WALK_START,
    };
  }

  private page(request: StatePageRequest): StatePage | { readonly outcome: 'lost' } {
    const parts = PartSet.parse(request.parts);
    const mostBytes = this.mostBytes();
    const pageBytes = Math.min(this.tuning.pageBytes, mostBytes);
    const news = this.log.since(request.logPosition, pageBytes, mostBytes);
    if (!news || !parts) return { outcome: 'lost' };
    const { batches, position: logPosition, more } = news;
    const progress = Math.min(1, request.cursor.slot / Math.max(1, this.store.keyCount));
    // Keys are consistent only after all batches so far, so they wait for a page that has room for all new batches. A
    // single entry may exceed the page budget, so it waits until the new batches leave room for it in a payload.
    const walk = more ? undefined : walkPage(this.store, request.cursor, parts, pageBytes - news.bytes);
    if (
      !walk ||
      (walk.keys.length === 1 && news.bytes > Math.min(pageBytes / 2, replicationLimits.pageNewsBytes))
    ) {
      return { outcome: 'page', batches, logPosition, keys: [], cursor: request.cursor, progress };
    }
    return { outcome: 'page', batches, logPosition, keys: walk.keys, cursor: walk.cursor, progress };
  }
}
