import type { Store } from '../../../core/store.js';
import type { PresenceMessage } from '../../../ports/bus.js';
import type { Logger } from '../../../ports/logger.js';
import type { Peers } from './peers.js';

/** Raises an alarm when equal vectors come with different contents, which means a bug (or a forged message). */
export class SelfCheck {
  /** Whether an alarm is active: a peer with the same vector had different content. */
  alarmed = false;
  /** How often an alarm was raised. */
  alarms = 0;

  constructor(
    private readonly store: Store,
    private readonly peers: Peers,
    private readonly logger: Logger,
    private readonly onAlarm: (alarmed: boolean) => void,
  ) {}

  /** Compares contents. @returns whether this server is the one that is wrong, and should take that peer's content */
  look(presence: PresenceMessage): boolean {
    const digest = this.store.vector.digest();
    if (presence.vectorDigest !== digest || this.peers.differsByKey(presence, this.store.vector))
      return false;
    const hash = this.store.hash();
    const differs = presence.storeHash !== hash;
    if (differs && !this.alarmed) {
      const fields = { par: presence.origin, meu: hash, dele: presence.storeHash };
      this.logger.error(fields, 'ALARME: mesmo vetor de versões e conteúdo diferente');
    }
    const changed = differs !== this.alarmed;
    this.alarmed = differs;
    if (changed && differs) this.alarms++;
    if (changed) this.onAlarm(differs);
    // If at least two peers agree with each other and none agrees with us, we are the one that is wrong.
    const same = this.peers.serving().filter((peer) => peer.presence.vectorDigest === digest);
    const agreeing = same.filter((peer) => peer.presence.storeHash === presence.storeHash);
    return differs && agreeing.length >= 2 && agreeing.length === same.length;
  }
}
