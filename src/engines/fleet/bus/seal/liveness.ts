import type { Origin } from '../../../../core/dot.js';
import { ReplayWindow } from './replay-window.js';
import type { SealHead } from './purpose.js';
import { defaultSealTuning } from './tuning.js';

/** An incarnation that has published something for this one alone. */
interface Live {
  readonly window: ReplayWindow;
  /** The greatest number of a connection that it has used. */
  connection: number;
  /** The greatest connection whose will was heard. */
  will: number;
}

/** `unverified`: nothing shows that the sender lives. `repeated`: it was here before, or is older than what was. */
export type LivenessVerdict = 'accepted' | 'unverified' | 'repeated';

/**
 * Who has shown to be alive since this server started, and which of their messages are new.
 *
 * A recording is authentic. What no recording holds is a message to an origin that did not exist: an origin is drawn
 * anew at every start, 72 random bits, and the topic of an exchange names it. So whoever publishes on
 * `sincronia/<this one>/<itself>` lives, and has the key; from there on its counter only grows.
 */
export class Liveness {
  private readonly live = new Map<Origin, Live>();

  /** @param self what comes under this name from a holder of the key is this server's own */
  constructor(
    private readonly self: Origin,
    private readonly originsMax: number = defaultSealTuning.verifiedOrigins,
  ) {
    this.live.set(self, { window: new ReplayWindow(0), connection: 0, will: 0 });
  }

  isVerified(origin: Origin): boolean {
    return this.live.has(origin);
  }

  /** Origins that have shown to be alive, this one among them. */
  get size(): number {
    return this.live.size;
  }

  /** A message for this server alone: the first one of a sender verifies it. */
  addressed(from: Origin, head: SealHead): LivenessVerdict {
    if (this.live.has(from)) return this.toEveryone(from, head);
    if (this.live.size >= this.originsMax) return 'unverified';
    const { counter, connection } = head;
    this.live.set(from, { window: new ReplayWindow(counter), connection, will: 0 });
    return 'accepted';
  }

  /** A presence. */
  toEveryone(from: Origin, { counter, connection }: SealHead): LivenessVerdict {
    const live = this.live.get(from);
    if (!live) return 'unverified';
    if (!live.window.accept(counter)) return 'repeated';
    live.connection = Math.max(live.connection, connection);
    return 'accepted';
  }

  /** A last will: it counts once, and only while its connection is the latest that the sender has used. */
  will(from: Origin, { connection }: SealHead): LivenessVerdict {
    const live = this.live.get(from);
    if (!live) return 'unverified';
    // Our own tells us that peers may believe it, whichever connection it was.
    if (live.will >= connection || (from !== this.self && connection !== live.connection)) return 'repeated';
    live.will = connection;
    return 'accepted';
  }
}
