import { KvsError } from '../../core/errors.js';
import type { Engine } from '../../ports/engine.js';
import type { Guarantees } from '../../ports/guarantees.js';

const PREFIX = 'c2.';
const REVISION = /^c2\.([0-9a-z]{1,11})$/;

/** What guarantees need of their engine. */
interface Revisions {
  /** The greatest revision of the replicas that answers may have shown. */
  readonly revision: number;
  /** A view of the store at this revision or later, whichever replica answers. */
  since(revision: number): Engine;
}

/**
 * The guarantees that a client of the consensus engine may ask for: see {@link Guarantees}. A write is on the disks
 * of a majority of the replicas before it is answered, so up to that many confirm it; waiting for more is not
 * offered.
 *
 * A session is a revision of the replicas, which is the same on all of them. Linearizable reads never go back; where
 * a replica answers from its own state, an answer older than the session is asked again of the majority.
 */
export class ConsensusGuarantees implements Guarantees {
  private readonly majority: number;

  constructor(
    members: number,
    private readonly localReads: boolean,
    private readonly engine: Revisions,
  ) {
    this.majority = Math.floor(members / 2) + 1;
  }

  /** A false claim in a token affects only the session that brings it. */
  session(token?: string): string {
    const seen = token === undefined ? 0 : revisionIn(token);
    return PREFIX + Math.max(seen, this.engine.revision).toString(36);
  }

  reach(token: string | undefined): Engine | undefined {
    const revision = token === undefined ? 0 : revisionIn(token);
    return this.localReads ? this.engine.since(revision) : undefined;
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

/** @throws KvsError PEDIDO_INVALIDO */
function revisionIn(token: string): number {
  const [, text = ''] = REVISION.exec(token) ?? [];
  const revision = parseInt(text, 36);
  if (Number.isSafeInteger(revision)) return revision;
  throw new KvsError('PEDIDO_INVALIDO', 'a sessão não é de um servidor destes; comece outra');
}
