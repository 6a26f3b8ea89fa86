import { BoundedMap } from '../../../core/bounded-map.js';
import type { Origin } from '../../../core/dot.js';
import type { VersionVector } from '../../../core/vector.js';
import type { Bus } from '../../../ports/bus.js';
import type { Time } from '../../../ports/time.js';
import type { FleetTuning } from './tuning.js';

interface ConfirmationReplierDeps {
  readonly self: Origin;
  readonly store: { readonly vector: VersionVector };
  readonly bus: Bus;
  readonly time: Time;
  readonly tuning: FleetTuning;
  /** Calls once when everything applied so far is as durable as this server can make it; at once if it already is. */
  readonly whenDurable: (call: () => void) => void;
  /** Whether this server may confirm: it serves, or is handing over. */
  readonly maySpeak: () => boolean;
}

/** Tells waiting writers what this server holds of theirs. Each round sends one message to each of them. */
export class ConfirmationReplier {
  /** The seq that each writer waits for. */
  private readonly asked: BoundedMap<Origin, number>;
  /** The seq that each writer was told since it last asked. */
  private readonly told = new Map<Origin, number>();
  private busy = false;
  private due = false;

  constructor(private readonly deps: ConfirmationReplierDeps) {
    this.asked = new BoundedMap(deps.tuning.peers);
  }

  /** To be called when a writer waits until this server holds its mutations up to `seq`. */
  noteQuestion(writer: Origin, seq: number): void {
    if (!this.deps.maySpeak()) return;
    // A repeated question: the answer may have been lost.
    this.told.delete(writer);
    this.asked.put(writer, seq);
    this.lookSoon();
  }

  /** To be called when the vector entry of `origin` advanced, or (`undefined`) those of many origins did. */
  advanced(origin: Origin | undefined): void {
    if (origin === undefined ? this.asked.size > 0 : this.asked.has(origin)) this.lookSoon();
  }

  private lookSoon(): void {
    if (this.due || this.busy) return;
    this.due = true;
    this.deps.time.atEndOfTurn(() => {
      this.due = false;
      this.look();
    });
  }

  private look(): void {
    const { whenDurable, maySpeak } = this.deps;
    const { vector } = this.deps.store;
    const news = [...this.asked.keys()].flatMap((writer): (readonly [Origin, number])[] => {
      const seq = vector.seqOf(writer);
      return seq > (this.told.get(writer) ?? 0) ? [[writer, seq]] : [];
    });
    if (news.length === 0 || this.busy) return;
    this.busy = true;
    whenDurable(() => {
      if (!maySpeak()) {
        this.busy = false;
        return;
      }
      let open = news.length;
      for (const [writer, seq] of news) {
        this.tell(writer, seq, () => {
          if (--open > 0) return;
          this.busy = false;
          this.lookSoon();
        });
      }
    });
  }

  private tell(writer: Origin, seq: number, settled: () => void): void {
    if (seq >= (this.asked.get(writer) ?? 0)) {
      this.asked.delete(writer);
      this.told.delete(writer);
    } else this.told.set(writer, seq);
    this.deps.bus.publish({ type: 'confirm', from: this.deps.self, to: writer, seq }, settled);
  }
}
