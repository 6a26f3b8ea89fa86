import { KvsError } from '../core/errors.js';
import type { Guarantees } from '../ports/guarantees.js';

/**
 * What a client of the leader engine may ask for: see {@link Guarantees}. A write is answered when every other server has it,
 * so all of them confirm it. Sessions it has not: its own protocol has a timestamp for each key (`Mensagem`).
 */
export class LeaderGuarantees implements Guarantees {
  /** @param others servers beside this one */
  constructor(private readonly others: number) {}

  session(): never {
    throw noSessions();
  }

  reach(): never {
    throw noSessions();
  }

  assertConfirmable(servers: number): void {
    if (servers <= this.others) return;
    throw new KvsError(
      'NAO_SUPORTADO',
      `além deste há ${String(this.others)} servidores, e todos têm a escrita antes da resposta. Nada foi gravado`,
    );
  }

  confirm(servers: number): number {
    return servers;
  }
}

function noSessions(): KvsError {
  return new KvsError(
    'NAO_SUPORTADO',
    'o motor lider não oferece sessões pelo gRPC; o seu cliente (Mensagem) leva um timestamp por chave',
  );
}
