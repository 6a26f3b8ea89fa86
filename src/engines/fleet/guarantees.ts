import { KvsError } from '../../core/errors.js';
import { covers, decodeToken, encodeToken } from '../../core/session-token.js';
import type { Store } from '../../core/store.js';
import type { Origin } from '../../core/dot.js';
import type { Awaitable } from '../../ports/engine.js';
import type { Guarantees } from '../../ports/guarantees.js';
import type { Time } from '../../ports/time.js';
import { sessionTimeOf, untilSessionTime } from '../session-time.js';
import { aheadOf } from '../session-waiters.js';
import type { CauseMarks } from './cause-marks.js';
import type { Member } from './replication/member.js';

/** The {@link Guarantees} of a fleet. Session tokens are causal frontiers; peers confirm by message. */
export class FleetGuarantees implements Guarantees {
  constructor(
    private readonly fleet: string,
    private readonly self: Origin,
    private readonly store: Store,
    private readonly member: Member,
    private readonly marks: CauseMarks,
    private readonly time: Time,
  ) {}

  /**
   * A frontier of many writers that have not heard of each other may not fit. A write of this server's own implies them
   * all, so it makes one; where that takes long or is refused, no token is told meanwhile.
   */
  session(): string | undefined {
    const token = this.token();
    if (token !== undefined) return token;
    this.marks.make();
    return this.token();
  }

  private token(): string | undefined {
    const { store, member } = this;
    return encodeToken(this.fleet, member.causes.frontier.entries(), sessionTimeOf(store));
  }

  reach(token: string | undefined, waitMs: number): Awaitable<undefined> {
    if (token === undefined) return undefined;
    const session = decodeToken(token, this.fleet);
    const hasAll = covers(this.store.vector, session);
    const lateMs = (session.fleetMs ?? 0) - this.store.clock.nowMs();
    if (hasAll && lateMs <= 0) return undefined;
    if (this.member.state !== 'serving') throw aheadOf(this.store.vector, session);
    if (lateMs > waitMs) return Promise.reject(aheadOf(this.store.vector, session));
    const caughtUp = hasAll || this.member.sessionWaiters.wait(session, waitMs);
    return Promise.all([caughtUp, untilSessionTime(this.store.clock, this.time, session.fleetMs ?? 0)]).then(
      ([arrived]) => {
        if (!arrived) throw aheadOf(this.store.vector, session);
        return undefined;
      },
    );
  }

  assertConfirmable(): void {
    if (!this.member.confirmations.isFull) return;
    throw new KvsError(
      'LIMITE_PEDIDOS',
      'limite atingido: escritas demais esperam confirmação; nada foi gravado, tente daqui a pouco',
    );
  }

  confirm(servers: number, waitMs: number, isRepeated: boolean): Awaitable<number> {
    // Peers confirm only what this server wrote, so it cannot vouch for a write that another server did.
    if (isRepeated) return 0;
    const seq = this.store.vector.seqOf(this.self);
    // This server has written nothing that a peer could lack.
    if (seq === 0) return servers;
    return this.member.confirmations.wait(seq, servers, waitMs);
  }
}
