import type { Origin } from '../core/dot.js';
import { KvsError } from '../core/errors.js';
import { covers, firstMissing, type SessionToken } from '../core/session-token.js';
import type { VersionVector } from '../core/vector.js';
import type { Time } from '../ports/time.js';

interface Waiter {
  readonly token: SessionToken;
  readonly settle: (arrived: boolean) => void;
}

/** Whoever waits until this server has what a session has seen. Each is looked at only when what it lacks advances. */
export class SessionWaiters {
  /** By an origin that each still lacks something of; '' where only the rest of the vector differs. */
  private readonly waiters = new Map<Origin, Set<Waiter>>();
  private count = 0;

  constructor(
    private readonly store: { readonly vector: VersionVector },
    private readonly time: Time,
    /** `sessionWaiters`: how many may wait at once. */
    private readonly tuning: { readonly sessionWaiters: number },
    /** Called when somebody begins to wait: peers may have it. */
    private readonly onWait: () => void,
  ) {}

  /** Whether anybody waits. */
  get isWaiting(): boolean {
    return this.count > 0;
  }

  /** Whether it came within `waitMs`; at once `false` where too many wait already. */
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
      this.count++;
      this.enter(waiter);
      this.onWait();
    });
  }

  /** The entry of `origin` advanced; `undefined`: those of many did. */
  advanced(origin: Origin | undefined): void {
    if (this.count === 0) return;
    const places = origin === undefined ? [...this.waiters.keys()] : [origin, REST];
    for (const place of places) {
      const here = this.waiters.get(place);
      if (here === undefined) continue;
      this.waiters.delete(place);
      for (const waiter of here) {
        if (!covers(this.store.vector, waiter.token)) this.enter(waiter);
        else {
          this.count--;
          waiter.settle(true);
        }
      }
    }
  }

  private enter(waiter: Waiter): void {
    const place = firstMissing(waiter.token, this.store.vector) ?? REST;
    const here = this.waiters.get(place) ?? new Set();
    this.waiters.set(place, here.add(waiter));
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

/** No origin has this name. */
const REST = '';

/** What whoever has seen more than this server is told. */
export function aheadOf(vector: VersionVector, session: SessionToken): KvsError {
  const missing = firstMissing(session, vector);
  const of = missing === undefined ? '' : ` de ${missing}`;
  return new KvsError(
    'SESSAO_ADIANTE',
    `TRY_OTHER_SERVER_OR_LATER: esta sessão já viu escritas${of} que este servidor ainda não tem; nada foi feito. ` +
      'Use outro servidor ou tente daqui a pouco; se o servidor que as recebeu se perdeu de vez, comece outra sessão',
  );
}
