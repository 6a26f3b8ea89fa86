import type { ExpiryUse } from './expiry-use.js';
import type { FollowerLink } from './follower-link.js';
import type { MutationLog } from './log.js';
import type { RoleOptions } from './role.js';

/**
 * - `away`: no connection, or not yet greeted
 * - `held`: greeted; waits until the leader may take its state, or serves
 * - `taking`: the leader is taking the follower's state
 * - `giving`: the follower is taking the leader's state
 * - `streaming`: the follower gets every mutation in order
 */
export type LinkPhase = 'away' | 'held' | 'taking' | 'giving' | 'streaming';

/** What a link needs of the leader. */
export interface LinkHost extends RoleOptions {
  readonly log: MutationLog;
  readonly expiryUse: ExpiryUse;
  readonly serving: boolean;
  /** See {@link LeaderMessage.inicio}. */
  readonly epoch: number;
  raiseEpoch(seen: number): void;
  /** Whether the leader is taking no other follower's state now. */
  mayTake(link: FollowerLink): boolean;
  /** Called when this follower's state is in the leader's store, or the follower was lost while it was being taken. */
  onTaken(link: FollowerLink): void;
  onAcknowledged(): void;
  /** What a `PING` tells about what all servers hold. */
  everywhere(): { readonly emTodos?: number };
}
