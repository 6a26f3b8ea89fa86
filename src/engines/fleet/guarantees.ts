import { KvsError } from '../../core/errors.js';
import { covers, decodeToken, encodeToken } from '../../core/session-token.js';
import type { Store } from '../../core/store.js';
import type { Origin } from '../../core/dot.js';
import type { Awaitable } from '../../ports/engine.js';
import { BurstLog } from '../../ports/burst-log.js';
import type { Guarantees } from '../../ports/guarantees.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { aheadOf } from '../session-waiters.js';
import type { Member } from './replication/member.js';

/** The {@link Guarantees} of a fleet. Session tokens are causal frontiers; peers confirm by message. */
export class FleetGuarantees implements Guarantees {
  private readonly refused: BurstLog;
  private marking = false;

  constructor(
    private readonly fleet: string,
    private readonly self: Origin,
    private readonly store: Store,
    private readonly member: Member,
    /** Writes a mark, which changes nothing and has everything that was applied here among its causes. */
    private readonly mark: () => Awaitable<void>,
    { time, logger }: { readonly time: Time; readonly logger: Logger },
  ) {
    const message =
      'a sessão não cabe em um token, e a escrita que a encurtaria foi recusada: respostas vão sem ele';
    this.refused = new BurstLog(time, logger, message);
  }

  /**
   * A frontier of many writers that have not heard of each other may not fit. A write of this server's own implies them
   * all, so it makes one; where that takes long or is refused, no token is told meanwhile.
   */
  session(): string | undefined {
    const { frontier } = this.member.causes;
    const token = encodeToken(this.fleet, frontier.entries());
    if (token !== undefined) return token;
    this.markOnce();
    return encodeToken(this.fleet, frontier.entries());
  }

  private markOnce(): void {
    if (this.marking) return;
    this.marking = true;
    const done = (): void => {
      this.marking = false;
    };
    const failed = (error: unknown): void => {
      this.refused.report(KvsError.from(error).code, this.self);
      done();
    };
    try {
      const marked = this.mark();
      if (marked === undefined) done();
      else marked.then(done, failed);
    } catch (error) {
      failed(error);
    }
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
