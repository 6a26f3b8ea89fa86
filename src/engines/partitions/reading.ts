import type { Answers, OfKind, Query, Row, Rows, Scan, Stream } from '../../ports/engine.js';
import type { Line, List } from '../../ports/lines.js';
import type { Time } from '../../ports/time.js';
import type { Watch } from '../../ports/watch.js';
import type { PartitionCaller } from './caller.js';
import { copyOfEverything } from './copying.js';
import { lineOfMaster, PartitionReads, rowChoice } from './reads.js';
import { PartitionWalks } from './walks.js';

/** All that is read but watches, through a caller: of a session or of nobody in particular. */
export class PartitionReading {
  private readonly reads: PartitionReads;
  private readonly walks: PartitionWalks;

  /** @param deadline for a request sent now */
  constructor(
    private readonly cluster: PartitionCaller,
    private readonly time: Time,
    private readonly deadline: () => number,
  ) {
    this.reads = new PartitionReads(cluster, deadline);
    this.walks = new PartitionWalks(cluster, deadline);
  }

  read<K extends Query['kind']>(query: OfKind<Query, K>): Promise<Answers[K]> {
    return this.reads.read<K>(query);
  }

  scan(scan: Exclude<Scan, Watch>): Stream<Rows[Exclude<Scan['kind'], 'watch'>]> {
    switch (scan.kind) {
      case 'snapshot':
        return this.snapshot(scan.version);
      case 'range':
        return this.range(scan);
      case 'history':
        return this.history(scan.key);
      case 'everything':
        return copyOfEverything(this.cluster, this.time, this.deadline);
      case 'lines':
        return this.lines(scan.key);
      case 'list':
        return this.list(scan);
      case 'count':
        return this.walks.counts(scan);
    }
  }

  private async *snapshot(version: number | undefined): Stream<Row> {
    for await (const found of this.walks.inAnyOrder(rowChoice(version)))
      if (found?.row !== undefined) yield found.row;
  }

  private async *range({ from, to, timestamp }: OfKind<Scan, 'range'>): Stream<Rows['range']> {
    for await (const found of this.walks.inOrder({ from, to }, rowChoice(undefined, timestamp))) {
      if (found?.hasNewest === true) yield { key: found.key, row: found.row };
    }
  }

  private async *history(key: string): Stream<Row> {
    for await (const found of this.reads.versions(key)) if (found !== undefined) yield found.row;
  }

  private async *lines(key: string): Stream<Line> {
    for await (const found of this.reads.versions(key)) {
      if (found !== undefined) yield lineOfMaster(found.row, found.isNewest);
    }
  }

  private async *list({ version, timestamp, ...range }: List): Stream<Line> {
    for await (const found of this.walks.inOrder(range, rowChoice(version, timestamp))) {
      if (found?.row !== undefined) yield lineOfMaster(found.row, found.isNewest);
    }
  }
}
