import type { Row } from '../../ports/engine.js';
import type { Line, LineQuery } from '../../ports/lines.js';
import type { RangeResponse, TxnRequest } from './etcd-messages.js';
import type { Expired, ExpiringPlace } from './expired.js';
import { after, headKey, valueKey } from './layout.js';
import { expiryLimits } from './limits.js';
import { ourHead, rowOf } from './records.js';
import { present, timeIndex, versionIndex } from './reads.js';
import type { Index, Moment, Reads } from './reads.js';
import { first, get, read } from './etcd-requests.js';

/** Origin of every line, and in vector clocks: the replicas, which put all writes in one order. */
export const CONSENSUS_ORIGIN = 'consenso';

/** A row as a line. Nothing has siblings here, and what can be read is on a majority of the disks. */
export function lineFromRow(row: Row, isHead: boolean): Line {
  return { ...row, origin: CONSENSUS_ORIGIN, isHead, isSibling: false, isStable: true };
}

/** Reads of one version of a key with everything that is known about it. Each is the state at one revision. */
export class LineReads {
  constructor(
    private readonly reads: Reads,
    private readonly expired: Expired,
  ) {}

  async line({ key, version, timestamp, back }: LineQuery, deadline: number): Promise<Line | undefined> {
    if (timestamp !== undefined) return this.indexed(key, timeIndex(key, timestamp), deadline);
    if (version !== undefined) return this.indexed(key, versionIndex(key, version), deadline);
    if (back !== undefined && back > 0) return this.before(key, back, deadline);
    const row = await this.reads.newest(key, deadline);
    return row && lineFromRow(row, true);
  }

  private async indexed(key: string, index: Index, deadline: number): Promise<Line | undefined> {
    const found = await this.reads.search(key, index, deadline);
    if (found === undefined) return undefined;
    const { place, moment } = found;
    const at = { local: true, revision: moment.revision };
    const success = [get(valueKey(key, place.timestamp), at), get(headKey(key), at)];
    const options = { deadline, local: true, prefer: moment.member };
    const { response } = await this.reads.ask({ compare: [], success, failure: [] }, options);
    const row = present(rowOf(key, place.timestamp, read(response, 0)), key, place);
    return lineFromRow(row, ourHead(read(response, 1))?.record.last?.timestamp === place.timestamp);
  }

  /** The version so many before the latest, of those that have not expired. O(`back`), in pages. */
  private async before(key: string, back: number, deadline: number): Promise<Line | undefined> {
    const index = versionIndex(key);
    const limit = Math.min(back + 1, expiryLimits.indexEntries);
    const { response, member } = await this.reads.begin((local): TxnRequest => {
      const success = [get(headKey(key), { local }), first(index.range, { local }, limit)];
      return { compare: [], success, failure: [] };
    }, deadline);
    const latest = ourHead(read(response, 0))?.record.last;
    const page = response.responses[1]?.response_range;
    if (latest === undefined || page === undefined) return undefined;
    const moment = { revision: response.header.revision, member };
    let left = back;
    for await (const place of this.living(key, index, page, moment, deadline)) {
      // The latest has expired, and hides what was before it.
      if (left === back && place.version !== latest.version) return undefined;
      if (left-- > 0) continue;
      return lineFromRow(await this.reads.value(key, place, moment, deadline), false);
    }
    return undefined;
  }

  /** The places of an index that have not expired, page by page. */
  private async *living(
    key: string,
    index: Index,
    begun: RangeResponse,
    moment: Moment,
    deadline: number,
  ): AsyncGenerator<ExpiringPlace, void, undefined> {
    for (let page = begun; ;) {
      const places = page.kvs.map((entry) => ({ key, ...index.placeOf(entry) }));
      const over = places.filter((place) => this.expired.isOver(place));
      // Whoever meets them removes them, so that no other reader finds them afterwards.
      if (over.length > 0) await this.reads.removed(over, deadline);
      yield* places.filter((place) => !over.includes(place));
      const last = page.kvs.at(-1);
      if (!page.more || last === undefined) return;
      const at = { local: true, revision: moment.revision };
      const success = [first({ ...index.range, key: after(last.key) }, at, expiryLimits.indexEntries)];
      const options = { deadline, local: true, prefer: moment.member };
      const { response } = await this.reads.ask({ compare: [], success, failure: [] }, options);
      const next = response.responses[0]?.response_range;
      if (next === undefined) return;
      page = next;
    }
  }
}
