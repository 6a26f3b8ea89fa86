import { backoffMs } from '../core/backoff.js';
import { KvsError } from '../core/errors.js';
import { portalLimits } from './limits.js';
import type { Random } from '../ports/random.js';
import type { Time } from '../ports/time.js';

const PAUSE_BASE_MS = 2;
const PAUSE_CAP_MS = 200;

/** Another writer changed what an attempt had read: the attempt must start over. */
export const CONFLICT = Symbol('conflict');

/** Retries attempts that lost to another writer, after growing pauses with jitter, for a limited time. */
export class ConflictRetries {
  constructor(
    private readonly time: Time,
    private readonly random: Random,
  ) {}

  /** @throws KvsError CONFLITO, or whatever `attempt` throws */
  async repeat<T>(attempt: () => Promise<T | typeof CONFLICT>): Promise<T> {
    const deadline = this.time.monotonicMs() + portalLimits.retryMs;
    for (let lost = 0; ; lost++) {
      const result = await attempt();
      if (result !== CONFLICT) return result;
      if (this.time.monotonicMs() >= deadline) {
        throw new KvsError('CONFLITO', 'outros mudam os mesmos dados sem parar; tente de novo');
      }
      const pauseMs = backoffMs(lost, PAUSE_BASE_MS, PAUSE_CAP_MS, this.random.next());
      await new Promise<void>((resolve) => {
        this.time.after(pauseMs, resolve);
      });
    }
  }
}
