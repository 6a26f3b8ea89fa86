import type { Origin } from '../../../../core/dot.js';
import { ReplayWindow } from './replay-window.js';
import type { SealHead } from './purpose.js';
import { defaultSealTuning } from './tuning.js';

/** An incarnation that has sent a message to this one. */
interface Live {
  readonly window: ReplayWindow;
  /** The greatest connection number that it has used. */
  connection: number;
  /** The greatest connection whose will was heard. */
  will: number;
}

/** `unverified`: nothing proves that the sender is alive. `repeated`: seen before, or older than the replay window. */
export type LivenessVerdict = 'accepted' | 'unverified' | 'repeated';

/**
 * Which origins have proved to be alive since this server started, and which of their messages are new.
 *
 * A recorded message is authentic too. But no recording can contain a message to an origin that did not exist yet: an
 * origin has 72 random bits, drawn anew at every start, and the topic of an exchange names it. So a server that
 * publishes on `sincronia/<this one>/<itself>` is alive and has the key; from then on its counter only grows.
 */
export class Liveness {
  private readonly live = new Map<Origin, Live>();

  /** @param self this server's origin: a message sealed under it is this server's own */
  constructor(
    private readonly self: Origin,
    private readonly originsMax: number = defaultSealTuning.verifiedOrigins,
  ) {
    this.live.set(self, { window: new ReplayWindow(0), connection: 0, will: 0 });
  }

  isVerified(origin: Origin): boolean {
    return this.live.has(origin);
  }

  /** Number of origins that have proved to be alive, including this one. */
  get size(): number {
    return this.live.size;
  }

  /** Judges a message addressed to this server: the first one of a sender verifies it. */
  addressed(from: Origin, head: SealHead): LivenessVerdict {
    if (this.live.has(from)) return this.toEveryone(from, head);
    if (this.live.size >= this.originsMax) return 'unverified';
    const { counter, connection } = head;
    this.live.set(from, { window: new ReplayWindow(counter), connection, will: 0 });
    return 'accepted';
  }

  /** Judges a presence. */
  toEveryone(from: Origin, { counter, connection }: SealHead): LivenessVerdict {
    const live = this.live.get(from);
    if (!live) return 'unverified';
    if (!live.window.accept(counter)) return 'repeated';
    live.connection = Math.max(live.connection, connection);
    return 'accepted';
  }

  /** Judges a last will: it counts once, and only while its connection is the latest that the sender has used. */
  will(from: Origin, { connection }: SealHead): LivenessVerdict {
    const live = this.live.get(from);
    if (!live) return 'unverified';
    // Our own will counts for any connection: it tells us that peers may believe that we left.
    if (live.will >= connection || (from !== this.self && connection !== live.connection)) return 'repeated';
    live.will = connection;
    return 'accepted';
  }
}
