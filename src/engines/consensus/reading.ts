import { KvsError } from '../../core/errors.js';
import { onlyHead } from '../only-head.js';
import type { Answers, OfKind, Query, RangeRow, Row, Rows, Scan, Stream } from '../../ports/engine.js';
import type { Line, List } from '../../ports/lines.js';
import { ALL_HEADS, ALL_VALUES, headRange, headsOf, valuesOf } from './layout.js';
import { CONSENSUS_ORIGIN, lineFromRow } from './line-reads.js';
import type { LineReads } from './line-reads.js';
import type { Reads } from './reads.js';
import type { Bound, Scanner } from './scanner.js';

/** The queries and scans of an engine, by local or linearizable reads: see {@link Reads}. */
export class ReplicaReading {
  constructor(
    private readonly reads: Reads,
    private readonly scanner: Scanner,
    private readonly lines: LineReads,
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
        return onlyHead(await this.reads.newest(key, deadline), CONSENSUS_ORIGIN);
      case 'line':
        return this.lines.line(query, deadline);
    }
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
  scan(scan: Scan): Stream<Rows[Scan['kind']]> {
    switch (scan.kind) {
      case 'snapshot':
        return this.snapshot(scan.version);
      case 'range':
        return this.range(scan);
      case 'history':
        return this.scanner.values(valuesOf(scan.key));
      case 'everything':
        return this.scanner.values(ALL_VALUES, true);
      case 'lines':
        return this.linesOf(scan.key);
      case 'list':
        return this.list(scan);
      case 'count':
        return this.scanner.counts(headsOf(scan));
      case 'watch':
        throw new KvsError('NAO_SUPORTADO', 'este motor não tem observação');
    }
  }

  private async *range({ from, to, timestamp }: OfKind<Scan, 'range'>): Stream<RangeRow> {
    const found = this.scanner.walk(headRange(from, to), upTo('timestamp', timestamp), true);
    for await (const { key, row } of found) yield { key, row };
  }

  private async *linesOf(key: string): Stream<Line> {
    for await (const [row, isLatest] of this.scanner.versions(key)) yield lineFromRow(row, isLatest);
  }

  private async *list({ version, timestamp, ...range }: List): Stream<Line> {
    const bound = timestamp === undefined ? upTo('version', version) : upTo('timestamp', timestamp);
    for await (const { row, record } of this.scanner.walk(headsOf(range), bound, false)) {
      if (row !== undefined) yield lineFromRow(row, row.timestamp === record.last?.timestamp);
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
