import type { LeaderRole } from '../../engines/leader/role.js';
import type { MetricReader } from '../../metrics/exposition.js';

/** The role of a server of the leader system, and what goes from the leader to its followers. */
export function leaderMetrics(role: LeaderRole): MetricReader {
  return (into) => {
    const { figures } = role;
    into.set('kvs_leader_role', 1, figures === undefined ? 'seguidor' : 'lider');
    if (figures === undefined) {
      into.set('kvs_follower_connected', role.whole ? 1 : 0);
      return;
    }
    const { followers, waiting } = figures;
    into.set('kvs_leader_followers', followers.length);
    into.set('kvs_leader_followers_current', followers.filter(({ upToDate }) => upToDate).length);
    into.set('kvs_leader_waiting_writes', waiting);
    for (const { address, lag, inFlight } of followers) {
      into.set('kvs_leader_follower_lag_mutations', lag, address);
      into.set('kvs_leader_window_mutations', inFlight.mutations, address);
      into.set('kvs_leader_window_bytes', inFlight.bytes, address);
    }
  };
}
