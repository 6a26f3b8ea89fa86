import { onlyHead } from '../../ports/engine.js';
import type { Head, RangeRow, Row, Stream } from '../../ports/engine.js';
import { ALL_HEADS, ALL_VALUES, headRange, valuesOf } from './layout.js';
import type { Reads } from './reads.js';
import type { Bound, Scanner } from './scanner.js';

/** In vector clocks: the replicas, which put all writes in one order. */
const ORIGIN = 'consenso';

/** What an engine reads, by reads that go where they were told: see {@link Reads}. */
export class ReplicaReading {
  constructor(
    private readonly reads: Reads,
    private readonly walker: Scanner,
    /** The deadline of a request that is sent now. */
    private readonly deadline: () => number,
  ) {}

  query(key: string, version: number | undefined): Promise<Row | undefined> {
    if (version === undefined) return this.reads.newest(key, this.deadline());
    return this.reads.upToVersion(key, version, this.deadline());
  }

  queryAt(key: string, timestamp: number | undefined): Promise<Row | undefined> {
    if (timestamp === undefined) return this.reads.newest(key, this.deadline());
    return this.reads.upToTime(key, timestamp, this.deadline());
  }

  async heads(key: string): Promise<readonly Head[]> {
    return onlyHead(await this.query(key, undefined), ORIGIN);
  }

  async *snapshot(version: number | undefined): Stream<Row> {
    const bound: Bound = version === undefined ? { kind: 'newest' } : { kind: 'version', upTo: version };
    for await (const { row } of this.walker.walk(ALL_HEADS, bound)) if (row !== undefined) yield row;
  }

  everything(): Stream<Row> {
    return this.walker.values(ALL_VALUES);
  }

  versions(key: string): Stream<Row> {
    return this.walker.values(valuesOf(key));
  }

  range(from: string, to: string, timestamp: number | undefined): Stream<RangeRow> {
    const bound: Bound =
      timestamp === undefined ? { kind: 'newest' } : { kind: 'timestamp', upTo: timestamp };
    return this.walker.walk(headRange(from, to), bound);
  }
}
