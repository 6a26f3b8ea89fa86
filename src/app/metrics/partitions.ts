import type { PartitionsEngine } from '../../engines/partitions/engine.js';
import type { MetricReader } from '../../metrics/exposition.js';

/** The nodes of partitions, as this server finds them. */
export function partitionsMetrics(engine: Pick<PartitionsEngine, 'available' | 'nodes'>): MetricReader {
  return (into) => {
    into.set('kvs_partitions_whole', engine.available ? 1 : 0);
    for (const { address, hears, attempts, durations } of engine.nodes) {
      into.set('kvs_partition_node_reachable', hears ? 1 : 0, address);
      into.durations('kvs_partition_node_duration_seconds', durations, address);
      for (const [result, count] of Object.entries(attempts))
        into.set('kvs_partition_node_attempts_total', count, address, result);
    }
  };
}
