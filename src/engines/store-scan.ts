import { countsOf, lineOf, linesOf, listOf } from '../core/lines.js';
import type { StoredLine } from '../core/lines.js';
import { everyVersion, versionsOf } from '../core/point-view.js';
import type { Store } from '../core/store.js';
import type { Rows, Scan } from '../ports/engine.js';
import type { Line, LineQuery } from '../ports/lines.js';
import type { Watch } from '../ports/watch.js';

/** Whether every server of the system that is known holds a dot. */
type IsStable = (origin: string, seq: number) => boolean;

/** The rows of a scan, for the engines that keep everything in memory. Lazy: each row is true when it is read. */
export function scanStore(
  store: Store,
  scan: Exclude<Scan, Watch>,
  isStable: IsStable,
): Iterable<Rows[Exclude<Scan['kind'], 'watch'>] | undefined> {
  switch (scan.kind) {
    case 'snapshot':
      return store.values(scan.version);
    case 'range':
      return store.range(scan.from, scan.to, scan.timestamp);
    case 'history':
      return versionsOf(store, scan.key);
    case 'everything':
      return everyVersion(store);
    case 'lines':
      return lines(linesOf(store, scan.key), isStable);
    case 'list':
      return lines(listOf(store, scan), isStable);
    case 'count':
      return countsOf(store, scan);
  }
}

/** The answer to a {@link LineQuery}. */
export function readLine(store: Store, query: LineQuery, isStable: IsStable): Line | undefined {
  const line = lineOf(store, query.key, query);
  return line && lineFrom(line, isStable);
}

/** A version as the store tells of it, as readers see it. */
function lineFrom({ seq, ...line }: StoredLine, isStable: IsStable): Line {
  return { ...line, isStable: isStable(line.origin, seq) };
}

function* lines(rows: Iterable<StoredLine | undefined>, isStable: IsStable): Iterable<Line | undefined> {
  for (const row of rows) yield row && lineFrom(row, isStable);
}
