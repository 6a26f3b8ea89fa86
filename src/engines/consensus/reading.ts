import { onlyHead } from '../only-head.js';
import type { Answers, OfKind, Query, Row, Rows, Scan, Stream } from '../../ports/engine.js';
import { ALL_HEADS, ALL_VALUES, headRange, valuesOf } from './layout.js';
import type { Reads } from './reads.js';
import type { Bound, Scanner } from './scanner.js';

/** Origin in vector clocks: the replicas, which put all writes in one order. */
const ORIGIN = 'consenso';

/** The queries and scans of an engine, by local or linearizable reads: see {@link Reads}. */
export class ReplicaReading {
  constructor(
    private readonly reads: Reads,
    private readonly scanner: Scanner,
    /** Deadline for a request sent now. */
    private readonly deadline: () => number,
  ) {}

  read<K extends Query['kind']>(query: OfKind<Query, K>): Promise<Answers[K]>;
  async read(query: Query): Promise<Answers[Query['kind']]> {
    const { key } = query;
    const deadline = this.deadline();
    switch (query.kind) {
      case 'version':
        if (query.version === undefined) return this.reads.newest(key, deadline);
        return this.reads.upToVersion(key, query.version, deadline);
      case 'instant':
        if (query.timestamp === undefined) return this.reads.newest(key, deadline);
        return this.reads.upToTime(key, query.timestamp, deadline);
      case 'heads':
        return onlyHead(await this.reads.newest(key, deadline), ORIGIN);
    }
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
  scan(scan: Scan): Stream<Rows[Scan['kind']]> {
    switch (scan.kind) {
      case 'snapshot':
        return this.snapshot(scan.version);
      case 'range':
        return this.scanner.walk(headRange(scan.from, scan.to), upTo('timestamp', scan.timestamp), true);
      case 'history':
        return this.scanner.values(valuesOf(scan.key));
      case 'everything':
        return this.scanner.values(ALL_VALUES, true);
    }
  }

  private async *snapshot(version: number | undefined): Stream<Row> {
    const rows = this.scanner.walk(ALL_HEADS, upTo('version', version), false);
    for await (const { row } of rows) if (row !== undefined) yield row;
  }
}

function upTo(kind: 'version' | 'timestamp', bound: number | undefined): Bound {
  return bound === undefined ? { kind: 'newest' } : { kind, upTo: bound };
}
