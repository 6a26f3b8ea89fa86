import type { Engine } from '../../ports/engine.js';
import type { Guarantees } from '../../ports/guarantees.js';
import type { ReplicaConfirmations } from './confirmations.js';
import { SessionSeen } from './session-seen.js';
import { PartitionSession } from './session.js';

/** What guarantees need of their engine. */
interface Sessions {
  since(seen: SessionSeen, waitMs: number): PartitionSession;
}

/** The {@link Guarantees} of partitions: replicas confirm; a session tells histories of partitions from others. */
export class PartitionGuarantees implements Guarantees {
  constructor(
    private readonly confirmations: ReplicaConfirmations,
    private readonly engine: Sessions,
  ) {}

  session(token?: string, view?: Engine): string | undefined {
    return view instanceof PartitionSession ? view.token : token;
  }

  /** A false claim in a token affects only the session that brings it. */
  reach(token: string | undefined, waitMs: number): Engine {
    return this.engine.since(token === undefined ? new SessionSeen() : SessionSeen.of(token), waitMs);
  }

  assertConfirmable(servers: number): void {
    this.confirmations.assertConfirmable(servers);
  }

  confirm(servers: number, waitMs: number): Promise<number> {
    return this.confirmations.confirm(servers, waitMs);
  }
}
