import { limits } from '../../core/limits.js';
import { onlyHead } from '../only-head.js';
import type { Answers, OfKind, Query, Row, Stream } from '../../ports/engine.js';
import type { Line } from '../../ports/lines.js';
import type { PartitionCaller } from './caller.js';
import { sentPlace, partitionOf } from './layout.js';
import { partitionLimits } from './limits.js';
import { askNewest, askUpTo, foundRow } from './newest.js';
import { maybeRow, rowOfRecord } from './records.js';

/** Stands for all writers: the master of a partition puts their writes in one order. */
const PARTITIONS_ORIGIN = 'particoes';

/** Which version of a key is meant. */
export interface RowChoice {
  readonly how: 'newest' | 'version' | 'instant' | 'back';
  readonly number: number;
}

const NEWEST: RowChoice = { how: 'newest', number: 0 };

/** The choice of a version or an instant; the newest without either. Places outside what there can be are the nearest. */
export function rowChoice(version: number | undefined, timestamp?: number): RowChoice {
  if (version !== undefined) return { how: 'version', number: clamp(version, limits.version) };
  if (timestamp !== undefined) return { how: 'instant', number: clamp(timestamp, limits.timestampMs) };
  return NEWEST;
}

/** The line of a row. Whoever can read it at all can read it on every server. */
export function lineOfMaster(row: Row, isHead: boolean): Line {
  return { ...row, origin: PARTITIONS_ORIGIN, isHead, isSibling: false, isStable: true };
}

/** Questions about one key: each is one function on its master. */
export class PartitionReads {
  constructor(
    private readonly cluster: PartitionCaller,
    /** Deadline for a request sent now. */
    private readonly deadline: () => number,
  ) {}

  read<K extends Query['kind']>(query: OfKind<Query, K>): Promise<Answers[K]>;
  read(query: Query): Promise<Answers[Query['kind']]> {
    const { key } = query;
    switch (query.kind) {
      case 'version':
        return this.row(key, rowChoice(query.version));
      case 'instant':
        return this.find(key, rowChoice(undefined, query.timestamp)).then((found) => found?.row);
      case 'heads':
        return this.row(key, NEWEST).then((row) => onlyHead(row, PARTITIONS_ORIGIN));
      case 'line': {
        const { version, timestamp, back } = query;
        const choice: RowChoice =
          back === undefined
            ? rowChoice(version, timestamp)
            : { how: 'back', number: clamp(back, limits.version) };
        return this.find(key, choice).then((found) => found && lineOfMaster(found.row, found.isNewest));
      }
    }
  }

  /** Every version of a key, in ascending order, with whether it is the newest. */
  async *versions(key: string): Stream<{ readonly row: Row; readonly isNewest: boolean }> {
    const { historyRows, historyBytes } = partitionLimits;
    let after = 0;
    while (after >= 0) {
      const args = [sentPlace(key), String(after), String(historyRows), String(historyBytes)];
      const reply = await this.cluster.call('history', partitionOf(key), args, { deadline: this.deadline() });
      const [newest, next, ...records] = reply as readonly [number, number, ...Buffer[]];
      for (const record of records) {
        const row = rowOfRecord(key, record);
        yield { row, isNewest: row.version === newest };
      }
      after = next;
    }
  }

  /** The newest version, or the newest up to one. */
  private async row(key: string, choice: RowChoice): Promise<Row | undefined> {
    const words = choice.how === 'newest' ? askNewest(key) : askUpTo(key, choice.number);
    const members = await this.cluster.look(partitionOf(key), words, this.deadline());
    const row = foundRow(key, members as readonly Buffer[]);
    return row === 'unsure' ? (await this.find(key, choice))?.row : row;
  }

  private async find(
    key: string,
    { how, number }: RowChoice,
  ): Promise<{ readonly row: Row; readonly isNewest: boolean } | undefined> {
    const args = [sentPlace(key), how, String(number)];
    const reply = await this.cluster.call('read', partitionOf(key), args, { deadline: this.deadline() });
    const [record, isNewest] = reply as readonly [unknown, number];
    const row = maybeRow(key, record);
    return row && { row, isNewest: isNewest === 1 };
  }
}

function clamp(number: number, most: number): number {
  return Math.floor(Math.min(Math.max(number, 0), most));
}
