import type { ConsensusEngine } from '../../engines/consensus/engine.js';
import type { MetricReader } from '../../metrics/exposition.js';

/** The replicas of a consensus store, as this server finds them. */
export function consensusMetrics(engine: ConsensusEngine): MetricReader {
  return (into) => {
    into.set('kvs_replicas_majority', engine.available ? 1 : 0);
    for (const { address, condition, attempts, durations } of engine.members) {
      into.set('kvs_replica_reachable', condition === 'mute' ? 0 : 1, address);
      into.durations('kvs_replica_duration_seconds', durations, address);
      for (const [result, count] of Object.entries(attempts))
        into.set('kvs_replica_attempts_total', count, address, result);
    }
    const { conflicts, cachedHeads } = engine.figures;
    into.set('kvs_consensus_conflicts_total', conflicts);
    into.set('kvs_consensus_cached_heads', cachedHeads);
    into.set('kvs_consensus_revision', engine.revision);
  };
}
