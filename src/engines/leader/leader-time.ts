import type { Time } from '../../ports/time.js';

/**
 * The leader's clock as a follower knows it: what the leader said last, and the time that has passed since by the
 * monotonic clock. So it is behind the leader's by as much as a message takes, whatever the follower's own wall clock
 * says, and goes on while there is no leader. 0 before the first leader that says it: nothing expires until then.
 */
export class LeaderTime {
  private heard: { readonly leaderMs: number; readonly atMs: number } | undefined;

  constructor(private readonly time: Pick<Time, 'monotonicMs'>) {}

  /** To be called when a message with the leader's clock arrives. */
  hear(leaderMs: number | undefined): void {
    if (leaderMs === undefined) return;
    this.heard = { leaderMs, atMs: this.time.monotonicMs() };
  }

  /** ms since 1970. */
  nowMs(): number {
    const { heard } = this;
    return heard === undefined ? 0 : heard.leaderMs + (this.time.monotonicMs() - heard.atMs);
  }
}
