import type { Origin } from '../core/dot.js';
import { KvsError } from '../core/errors.js';
import { firstMissing, type SessionToken } from '../core/session-token.js';
import type { VersionVector } from '../core/vector.js';
import type { Time } from '../ports/time.js';

interface Waiter {
  readonly token: SessionToken;
  readonly settle: (arrived: boolean) => void;
}

/** Calls that wait until this server has what their session has seen. Each is checked only when it may have come. */
export class SessionWaiters {
  /** By an origin of which each still lacks something. */
  private readonly waiters = new Map<Origin, Set<Waiter>>();
  private count = 0;

  constructor(
    private readonly store: { readonly vector: VersionVector },
    private readonly time: Time,
    /** `sessionWaiters`: the most calls that may wait at once. */
    private readonly tuning: { readonly sessionWaiters: number },
    /** Called when a call begins to wait: peers may have what it needs. */
    private readonly onWait: () => void,
  ) {}

  /** Whether anybody waits. */
  get isWaiting(): boolean {
    return this.count > 0;
  }

  /** How many wait. */
  get size(): number {
    return this.count;
  }

  /**
   * Resolves to whether the session, which is ahead of the store, was caught up with within `waitMs`; `false` at once if too many wait already.
   */
  wait(token: SessionToken, waitMs: number): Promise<boolean> {
    if (this.count >= this.tuning.sessionWaiters) return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancel = this.time.after(waitMs, () => {
        this.remove(waiter);
        resolve(false);
      });
      const waiter: Waiter = {
        token,
        settle: () => {
          cancel();
          resolve(true);
        },
      };
      if (!this.enter(waiter)) {
        waiter.settle(true);
        return;
      }
      this.count++;
      this.onWait();
    });
  }

  /** To be called when the vector entry of `origin` advanced, or (`undefined`) those of many origins did. */
  advanced(origin: Origin | undefined): void {
    if (this.count === 0) return;
    const places = origin === undefined ? [...this.waiters.keys()] : [origin];
    for (const place of places) {
      const here = this.waiters.get(place);
      if (here === undefined) continue;
      this.waiters.delete(place);
      for (const waiter of here) {
        if (this.enter(waiter)) continue;
        this.count--;
        waiter.settle(true);
      }
    }
  }

  /** @returns whether the waiter still lacks something */
  private enter(waiter: Waiter): boolean {
    const place = firstMissing(waiter.token, this.store.vector);
    if (place === undefined) return false;
    const here = this.waiters.get(place) ?? new Set();
    this.waiters.set(place, here.add(waiter));
    return true;
  }

  private remove(waiter: Waiter): void {
    for (const [place, here] of this.waiters) {
      if (!here.delete(waiter)) continue;
      this.count--;
      if (here.size === 0) this.waiters.delete(place);
      return;
    }
  }
}

/** The error for a session that has seen more than this server. */
export function aheadOf(vector: VersionVector, session: SessionToken): KvsError {
  const missing = firstMissing(session, vector);
  const of = missing === undefined ? '' : ` de ${missing}`;
  return new KvsError(
    'SESSAO_ADIANTE',
    `TRY_OTHER_SERVER_OR_LATER: esta sessão já viu escritas${of} que este servidor ainda não tem; nada foi feito. ` +
      'Use outro servidor ou tente daqui a pouco; se o servidor que as recebeu se perdeu de vez, comece outra sessão',
  );
}
