import type { Store } from '../../core/store.js';
import type { MetricReader } from '../../metrics/exposition.js';

/** What a store holds. Cheap: nothing is walked but the floors of its parts. */
export function storeMetrics(store: Store): MetricReader {
  return (into) => {
    into.set('kvs_store_keys', store.keyCount);
    into.set('kvs_store_empty_keys', store.emptyKeyCount);
    into.set('kvs_store_versions', store.entryCount);
    into.set('kvs_store_bytes', store.estimatedBytes);
    into.set('kvs_store_expiring_versions', store.expiringCount);
    into.set('kvs_store_floors', store.floors.count);
    into.set('kvs_store_origins', store.vector.size);
  };
}
