import type { Origin, VectorEntries } from '../../core/dot.js';
import { KvsError } from '../../core/errors.js';
import { hashString } from '../../core/hash.js';
import { engineLimits } from '../limits.js';
import { covers, decodeToken, encodeToken } from '../../core/session-token.js';
import type { Store } from '../../core/store.js';
import type { VersionVector } from '../../core/vector.js';
import type { Awaitable } from '../../ports/engine.js';
import type { Guarantees } from '../../ports/guarantees.js';
import { sessionTimeOf, untilSessionTime } from '../session-time.js';
import { aheadOf, SessionWaiters } from '../session-waiters.js';
import { assertServing } from './role.js';
import type { LeaderRole, RoleOptions } from './role.js';

/**
 * The guarantees that a client of the leader engine may ask for: see {@link Guarantees}. A write is answered when
 * every other server has it, so all of them confirm it. A session is the point in the leader's order up to which
 * answers may have shown something.
 */
export class LeaderGuarantees implements Guarantees {
  private readonly sessionWaiters: SessionWaiters;
  /** Names this system in tokens. All its servers write the leader's address alike. */
  readonly system: string;

  constructor(
    private readonly store: Store,
    private readonly role: LeaderRole,
    private readonly options: Pick<RoleOptions, 'leader' | 'others' | 'time'>,
  ) {
    this.system = `lider-${hashString(options.leader).toString(36)}`;
    // The leader sends every follower all that it lacks without being asked, so there is nothing to request.
    this.sessionWaiters = new SessionWaiters(store, options.time, engineLimits, () => undefined);
  }

  session(): string | undefined {
    return encodeToken(this.system, this.role.seen(), sessionTimeOf(this.store));
  }

  reach(token: string | undefined, waitMs: number): Awaitable<undefined> {
    if (token === undefined) return undefined;
    const session = decodeToken(token, this.system);
    const hasAll = covers(this.store.vector, session);
    const sessionMs = session.fleetMs ?? 0;
    const lateMs = sessionMs - this.store.clock.nowMs();
    if (hasAll && lateMs <= 0) return undefined;
    assertServing(this.role.state);
    if (lateMs > waitMs) return Promise.reject(aheadOf(this.store.vector, session));
    const caughtUp = hasAll || this.sessionWaiters.wait(session, waitMs);
    const onTime = untilSessionTime(this.store.clock, this.options.time, sessionMs);
    return Promise.all([caughtUp, onTime]).then(([arrived]) => {
      if (!arrived) throw aheadOf(this.store.vector, session);
      return undefined;
    });
  }

  /** Called when the store has advanced. */
  advanced(): void {
    this.sessionWaiters.advanced(undefined);
  }

  assertConfirmable(servers: number): void {
    const others = this.options.others.length;
    if (servers <= others) return;
    throw new KvsError(
      'NAO_SUPORTADO',
      `além deste há ${String(others)} servidores, e todos têm a escrita antes da resposta. Nada foi gravado`,
    );
  }

  confirm(servers: number): number {
    return servers;
  }
}

/**
 * The vector up to a seq of the present leader, in few entries. A leader takes all that any server holds before its
 * first write, and no server applies that write before it has taken the same. So one dot of the leader implies all
 * those of earlier leaders. A leader that has written nothing yet has none: then the entries of earlier leaders are
 * kept.
 * @param seq 0 if nothing of the present leader is included
 */
export function frontierOf(vector: VersionVector, leader: Origin, seq: number): VectorEntries {
  return seq > 0 ? [[leader, seq]] : vector.entries().filter(([origin]) => origin !== leader);
}
