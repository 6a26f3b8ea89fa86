import type { RangeRow, Row } from '../../ports/engine.js';
import { Unanswered } from './etcd-client.js';
import type { Answered, EtcdCaller } from './etcd-client.js';
import {
  after,
  isPlaceOfValue,
  keyOfHead,
  placeOfValue,
  timesUpTo,
  timestampOfPlace,
  valueKey,
  versionsUpTo,
} from './layout.js';
import type { EtcdRange } from './layout.js';
import { ourHead, ourRow, rowOf } from './records.js';
import type { Place } from '../plan.js';
import { pageOf } from './pages.js';
import { present, timestampIn } from './reads.js';
import type { Moment, Reads } from './reads.js';
import { first, get, read } from './etcd-requests.js';
import type { ConsensusTuning } from './tuning.js';
import type { RangeResponse, RequestOp } from './etcd-messages.js';

/** Which row of each key is wanted: the newest, or the greatest up to a version or a timestamp. */
export type Bound =
  { readonly kind: 'newest' } | { readonly kind: 'version' | 'timestamp'; readonly upTo: number };

interface KeyWithLast {
  readonly key: string;
  readonly last: Place;
}

/**
 * Walks every key of a range that has a value, with the wanted row, in the order of code points: the state at one
 * revision, however long it takes. Pages are read on demand, and keys of other programs are skipped.
 */
export class Scanner {
  constructor(
    private readonly client: EtcdCaller,
    private readonly reads: Reads,
    private readonly tuning: ConsensusTuning,
    /** Deadline for a request sent now. */
    private readonly deadline: () => number,
  ) {}

  /** @throws KvsError LEITURA_VENCIDA if the replicas have compacted the revision meanwhile */
  async *walk(range: EtcdRange, bound: Bound): AsyncGenerator<RangeRow, void, undefined> {
    if (Buffer.compare(range.key, range.range_end) >= 0) return;
    let moment: Moment = { revision: 0 };
    let from = range.key;
    for (;;) {
      const page = await this.page({ ...range, key: from }, moment);
      moment = page.moment;
      const keys = page.response.kvs.flatMap((kv): KeyWithLast[] => {
        const last = ourHead(kv)?.record.last;
        return last === undefined ? [] : [{ key: keyOfHead(kv.key), last }];
      });
      for (let at = 0; at < keys.length; at += this.tuning.pageRanges) {
        yield* await this.rows(keys.slice(at, at + this.tuning.pageRanges), bound, moment);
      }
      const lastHead = page.response.kvs.at(-1);
      if (!page.response.more || lastHead === undefined) return;
      from = after(lastHead.key);
    }
  }

  /**
   * Every version in a range of values, those of a key in ascending order: the state at one revision, as {@link walk}.
   * @throws KvsError LEITURA_VENCIDA
   */
  async *values(range: EtcdRange): AsyncGenerator<Row, void, undefined> {
    let moment: Moment = { revision: 0 };
    let from = range.key;
    for (;;) {
      const page = await this.page({ ...range, key: from }, moment);
      moment = page.moment;
      for (const kv of page.response.kvs) {
        if (!isPlaceOfValue(kv.key)) continue;
        const { key, timestamp } = placeOfValue(kv.key);
        const row = ourRow(key, timestamp, kv);
        if (row !== undefined) yield row;
      }
      const last = page.response.kvs.at(-1);
      if (!page.response.more || last === undefined) return;
      from = after(last.key);
    }
  }

  private async page(
    range: EtcdRange,
    { revision, member }: Moment,
  ): Promise<{ response: RangeResponse; moment: Moment }> {
    const ask = (local: boolean): Promise<Answered<RangeResponse>> => {
      const request = { ...range, revision, serializable: local };
      const options = { deadline: this.deadline(), local, prefer: member };
      return pageOf(this.client, request, this.tuning.pageHeads, options);
    };
    try {
      // The revision fixed by the first page is the same on every member.
      const { response, member: answering } = await (revision > 0 ? ask(true) : this.reads.recent(ask));
      const fixed = revision > 0 ? revision : response.header.revision;
      return { response, moment: { revision: fixed, member: answering } };
    } catch (thrown) {
      throw thrown instanceof Unanswered ? thrown.toReadError() : thrown;
    }
  }

  private async rows(keys: readonly KeyWithLast[], bound: Bound, moment: Moment): Promise<RangeRow[]> {
    const timestamps = await this.timestamps(keys, bound, moment);
    const wanted = keys.flatMap(({ key }) => {
      const timestamp = timestamps.get(key);
      return timestamp === undefined ? [] : [{ key, timestamp }];
    });
    const at = { local: true, revision: moment.revision };
    const kvs = await this.readAll(
      wanted.map(({ key, timestamp }) => get(valueKey(key, timestamp), at)),
      moment,
    );
    const found = new Map<string, Row>();
    wanted.forEach(({ key, timestamp }, index) => {
      found.set(key, present(rowOf(key, timestamp, kvs[index]), key, { timestamp }));
    });
    return keys.map(({ key }) => ({ key, row: found.get(key) }));
  }

  /** The timestamp of the wanted row of each key; absent for a key without one. */
  private async timestamps(
    keys: readonly KeyWithLast[],
    bound: Bound,
    moment: Moment,
  ): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    const searched: KeyWithLast[] = [];
    for (const item of keys) {
      if (bound.kind === 'newest' || item.last[bound.kind] <= bound.upTo) {
        found.set(item.key, item.last.timestamp);
      } else searched.push(item);
    }
    if (bound.kind === 'newest' || searched.length === 0) return found;
    const at = { local: true, revision: moment.revision };
    const index = bound.kind === 'version' ? versionsUpTo : timesUpTo;
    const entries = await this.readAll(
      searched.map(({ key }) => first(index(key, bound.upTo), at)),
      moment,
    );
    searched.forEach(({ key }, i) => {
      const entry = entries[i];
      if (entry === undefined) return;
      found.set(key, bound.kind === 'version' ? timestampIn(entry) : timestampOfPlace(entry.key));
    });
    return found;
  }

  /** The first key of each range, all at one moment. */
  private async readAll(success: readonly RequestOp[], { member }: Moment) {
    if (success.length === 0) return [];
    const options = { deadline: this.deadline(), local: true, prefer: member };
    const { response } = await this.reads.ask({ compare: [], success, failure: [] }, options);
    return success.map((_, index) => read(response, index));
  }
}
