import { everyVersion, versionsOf } from '../core/point-view.js';
import type { Store } from '../core/store.js';
import type { Rows, Scan } from '../ports/engine.js';

/** The rows of a scan, for the engines that keep everything in memory. Lazy: each row is true when it is read. */
export function scanStore(store: Store, scan: Scan): Iterable<Rows[Scan['kind']] | undefined> {
  switch (scan.kind) {
    case 'snapshot':
      return store.values(scan.version);
    case 'range':
      return store.range(scan.from, scan.to, scan.timestamp);
    case 'history':
      return versionsOf(store, scan.key);
    case 'everything':
      return everyVersion(store);
  }
}
