import { aheadOf } from '../../session-waiters.js';
import { KvsError } from '../../../core/errors.js';
import type { Store } from '../../../core/store.js';
import type { Random } from '../../../ports/random.js';
import type { Time } from '../../../ports/time.js';
import type { Watch, WatchEvent, WatchFigures } from '../../../ports/watch.js';
import { WatchCounts } from '../../watching/counts.js';
import { InterestIndex } from '../../watching/interests.js';
import { watchLimits } from '../../watching/limits.js';
import { eventCount, type Applied, type LineFacts } from '../../watching/mutation-events.js';
import { WalkTurns } from '../../watching/walks.js';
import type { LeaderRole } from '../role.js';
import type { RecentOrder } from './recent-order.js';
import { decodeOrderPlace, type OrderPlace } from './token.js';
import { LeaderWatch, tooFarBehind, type OrderShared } from './watch.js';

interface WatchesDeps {
  readonly system: string;
  readonly store: Store;
  readonly order: RecentOrder;
  readonly role: Pick<LeaderRole, 'allHold' | 'visible' | 'leads' | 'whole'>;
  readonly time: Time;
  readonly random: Random;
}

/** A watch whose place may still come. */
interface Awaiting {
  readonly place: OrderPlace;
  readonly cancel: () => void;
}

/** The watches of one server of a system with a leader. */
export class LeaderWatches {
  private readonly open = new Set<LeaderWatch>();
  private readonly index = new InterestIndex<LeaderWatch>();
  private readonly awaiting = new Map<LeaderWatch, Awaiting>();
  private readonly shared: OrderShared;
  private isLooking = false;
  private isStopping = false;

  constructor(private readonly deps: WatchesDeps) {
    const { system, store, order, role, time } = deps;
    const facts: LineFacts = {
      isStable: (origin, seq) => role.allHold(origin, seq),
      // One order: nothing has siblings.
      isSibling: () => false,
    };
    this.shared = {
      ...{ system, store, order, facts, turns: new WalkTurns(watchLimits.watchWalks) },
      counts: new WatchCounts(),
      visible: () => role.visible(undefined),
      nowMs: () => time.monotonicMs(),
    };
  }

  /** What waits for readers is in the order: a watch keeps only where. */
  get figures(): WatchFigures {
    const { events, slowReaders } = this.shared.counts;
    return { events, slowReaders, open: this.open.size, queuedBytes: 0 };
  }

  /** @throws KvsError LIMITE_PEDIDOS, SERVIDOR_SAINDO */
  begin({ key, prefix, from }: Watch): AsyncIterable<WatchEvent | undefined> {
    if (this.isStopping) throw leaving();
    if (this.open.size >= watchLimits.watches) {
      throw new KvsError(
        'LIMITE_PEDIDOS',
        'limite atingido: este servidor já tem observações demais; use outro',
      );
    }
    const interest = { key, prefix };
    const watch: LeaderWatch = new LeaderWatch(interest, this.shared, () => {
      this.open.delete(watch);
      this.index.remove(interest, watch);
      this.awaiting.get(watch)?.cancel();
      this.awaiting.delete(watch);
    });
    this.open.add(watch);
    this.index.add(interest, watch);
    if (from === 'now') watch.begin(this.deps.order.end);
    else if (from === 'everything') watch.beginPresent();
    else this.resume(watch, from.token);
    this.lookLater();
    return watch.stream;
  }

  /** To be called when a mutation is shown, with its position. */
  shown(applied: Applied, position: number): void {
    const { mutation, origin } = applied;
    if (!this.index.isEmpty && mutation.kind !== 'raiseFloor' && eventCount(applied) > 0) {
      this.index.forEach(mutation.key, (watch) => watch.shown(position));
    }
    // Afterwards: whoever goes on after this mutation has been told of it.
    if (this.awaiting.size > 0) this.arrived(({ place: { last } }) => last?.origin === origin);
  }

  /** To be called when a state was joined. */
  replaced(): void {
    for (const watch of this.open) if (watch.hasBegun) watch.restart();
    this.arrived(() => true);
  }

  /** Ends all watches, and refuses further ones: the server stops. */
  stop(): void {
    this.isStopping = true;
    for (const watch of this.open) watch.stream.fail(leaving());
  }

  private resume(watch: LeaderWatch, token: string): void {
    const place = decodeOrderPlace(token, this.deps.system);
    if (place === undefined) {
      watch.restart();
      return;
    }
    if (this.goOn(watch, place)) return;
    const { order, time } = this.deps;
    // What was shown here is here for good, so it is a place that is kept no more.
    if (place.last !== undefined && order.hasShown(place.last)) {
      watch.restart();
      return;
    }
    const cancel = time.after(watchLimits.watchResumeWaitMs, () => {
      this.awaiting.delete(watch);
      this.missed(watch, place);
    });
    this.awaiting.set(watch, { place, cancel });
  }

  private goOn(watch: LeaderWatch, place: OrderPlace): boolean {
    const position = this.deps.order.find(place);
    if (position === undefined) return false;
    watch.begin(position, place.cut);
    return true;
  }

  private arrived(mayBe: (awaiting: Awaiting) => boolean): void {
    for (const [watch, awaiting] of this.awaiting) {
      if (!mayBe(awaiting) || !this.goOn(watch, awaiting.place)) continue;
      awaiting.cancel();
      this.awaiting.delete(watch);
    }
  }

  /** A leader has taken all that there is, so what it does not know is lost; a follower that is up to date has the same. */
  private missed(watch: LeaderWatch, { last }: OrderPlace): void {
    const { role, store } = this.deps;
    if (role.leads || role.whole) watch.restart();
    else watch.stream.fail(aheadOf(store.vector, { entries: last ? [[last.origin, last.seq]] : [] }));
  }

  private lookLater(): void {
    if (this.isLooking || this.open.size === 0) return;
    this.isLooking = true;
    this.deps.time.after(watchLimits.watchQuietLookMs, () => {
      this.isLooking = false;
      this.look();
      this.lookLater();
    });
  }

  private look(): void {
    const { time, random } = this.deps;
    const nowMs = time.monotonicMs();
    for (const watch of this.open) {
      const patienceMs = watchLimits.watchQuietMs * (1 + random.next() / 4);
      if (watch.isStuck()) watch.stream.fail(tooFarBehind());
      else if (nowMs - watch.toldMs > patienceMs) watch.quiet();
    }
  }
}

function leaving(): KvsError {
  return new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; use outro');
}
