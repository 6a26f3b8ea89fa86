import { KvsError } from '../core/errors.js';
import type { Guarantees } from '../ports/guarantees.js';

/** Whoever reads linearizably never goes back, on whichever server: a session has nothing to remember. */
const TOKEN = 'c1';

/**
 * What a client of the consensus engine may ask for: see {@link Guarantees}. A write is on the disks of a majority of the
 * replicas before it is answered, so up to that many confirm it, and more never do in time to be waited for.
 */
export class ConsensusGuarantees implements Guarantees {
  private readonly majority: number;

  constructor(
    members: number,
    private readonly localReads: boolean,
  ) {
    this.majority = Math.floor(members / 2) + 1;
  }

  session(): string {
    return TOKEN;
  }

  reach(token: string | undefined): void {
    if (this.localReads) {
      throw new KvsError(
        'NAO_SUPORTADO',
        'este servidor lê de uma réplica só, talvez antiga (--leitura local): não oferece sessões; use um com --leitura linear',
      );
    }
    if (token !== undefined && token !== TOKEN) {
      throw new KvsError('PEDIDO_INVALIDO', 'a sessão não é de um servidor destes; comece outra');
    }
  }

  assertConfirmable(servers: number): void {
    if (servers <= this.majority) return;
    throw new KvsError(
      'NAO_SUPORTADO',
      `uma escrita é respondida quando a maioria das réplicas, ${String(this.majority)}, a tem no disco; mais do que isso não ` +
        'se espera. Nada foi gravado',
    );
  }

  confirm(servers: number): number {
    return servers;
  }
}
