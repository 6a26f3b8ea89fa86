import { limits } from '../../../core/limits.js';
import type { Store } from '../../../core/store.js';
import type { Logger } from '../../../ports/logger.js';
import type { Time } from '../../../ports/time.js';
import { replicationLimits } from './limits.js';
import type { Peers } from './peers.js';

/**
 * Warns of peers of older versions, which take only whole vectors: beyond `limits.vectorEntries` origins they cannot
 * catch up any more. The warning comes from half of that on. Nor are they given a state that they would take wrongly.
 */
export class OldPeers {
  private saidMs = -Infinity;

  constructor(
    private readonly store: Store,
    private readonly peers: Peers,
    private readonly time: Time,
    private readonly logger: Logger,
  ) {}

  /** To be called for each presence. */
  look(): void {
    const origens = this.store.vector.size;
    if (origens < limits.vectorEntries / 2 || this.peers.understand(replicationLimits.level)) return;
    this.say(`que além de ${limits.vectorEntries} origens não recebe mais o que lhe falta`);
  }

  /** To be called when an older peer asked for the state in vain. */
  refused(): void {
    if (this.store.hasNovelties)
      this.say('que não recebe o que lhe falta: não conhece prazos (ttl) nem chaves esquecidas');
    else this.look();
  }

  private say(which: string): void {
    const nowMs = this.time.monotonicMs();
    if (nowMs < this.saidMs + replicationLimits.oldPeersRepeatMs) return;
    this.saidMs = nowMs;
    this.logger.error(
      { origens: this.store.vector.size, limite: limits.vectorEntries },
      `há na frota um servidor de uma versão anterior, ${which}: atualize-o`,
    );
  }
}
