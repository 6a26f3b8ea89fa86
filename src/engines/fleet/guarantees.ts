import { KvsError } from '../../core/errors.js';
import { covers, decodeToken, encodeToken } from '../../core/session-token.js';
import type { Store } from '../../core/store.js';
import type { Origin } from '../../core/dot.js';
import type { Awaitable } from '../../ports/engine.js';
import type { Guarantees } from '../../ports/guarantees.js';
import { aheadOf } from '../session-waiters.js';
import type { Member } from './replication/member.js';

/** The {@link Guarantees} of a fleet. Session tokens are causal frontiers; peers confirm by message. */
export class FleetGuarantees implements Guarantees {
  constructor(
    private readonly fleet: string,
    private readonly self: Origin,
    private readonly store: Store,
    private readonly member: Member,
  ) {}

  session(): string {
    return encodeToken(this.fleet, this.member.causes.frontier.entries(), this.store.vector);
  }

  reach(token: string | undefined, waitMs: number): Awaitable<undefined> {
    if (token === undefined) return undefined;
    const session = decodeToken(token, this.fleet);
    if (covers(this.store.vector, session)) return undefined;
    if (this.member.state !== 'serving') throw aheadOf(this.store.vector, session);
    return this.member.sessionWaiters.wait(session, waitMs).then((arrived) => {
      if (!arrived) throw aheadOf(this.store.vector, session);
      return undefined;
    });
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
