import { limits } from '../../core/limits.js';
import type { RangeRow, Row } from '../../ports/engine.js';
import type { Counted } from '../../ports/lines.js';
import { Unanswered } from './etcd-client.js';
import type { Answered, EtcdCaller } from './etcd-client.js';
import type { Expired, ExpiringPlace } from './expired.js';
import { mayBeGone } from './expiry-marks.js';
import { after, headKey, isPlaceOfValue, keyOfHead, placeOfValue, valueKey, valuesOf } from './layout.js';
import { expiryLimits } from './limits.js';
import type { EtcdRange } from './layout.js';
import { ourHead, ourRow, rowOf } from './records.js';
import type { HeadRecord } from './records.js';
import { pageOf } from './pages.js';
import { onlyVersion, present, timeIndex, versionIndex } from './reads.js';
import type { Index, Moment, Reads } from './reads.js';
import { countOf, first, get, read } from './etcd-requests.js';
import type { ConsensusTuning } from './tuning.js';
import type { EtcdKeyValue, RangeResponse, RequestOp } from './etcd-messages.js';

/** Which row of each key is wanted: the newest, or the greatest up to a version or a timestamp. */
export type Bound =
  { readonly kind: 'newest' } | { readonly kind: 'version' | 'timestamp'; readonly upTo: number };

/** Bounds nothing. */
const ANY_VERSION: Bound = { kind: 'version', upTo: limits.version };

/** A key with the wanted row, if it has one, and with its head. */
interface FoundKey extends RangeRow {
  readonly record: HeadRecord;
}

/** A key that has a latest value, or may have versions without one. */
interface KnownKey {
  readonly key: string;
  readonly record: HeadRecord;
}

/**
 * Walks every key of a range that has a value, with the wanted row, in the order of code points: the state at one
 * revision, however long it takes. Pages are read on demand, and keys of other programs are skipped.
 */
export class Scanner {
  constructor(
    private readonly client: EtcdCaller,
    private readonly reads: Reads,
    private readonly expired: Expired,
    private readonly tuning: ConsensusTuning,
    /** Deadline for a request sent now. */
    private readonly deadline: () => number,
  ) {}

  /**
   * @param keysToo yields exactly the keys that have a latest value, with such a row or without; otherwise every such row
   * @throws KvsError LEITURA_VENCIDA if the replicas have compacted the revision meanwhile
   */
  async *walk(range: EtcdRange, bound: Bound, keysToo: boolean): AsyncGenerator<FoundKey, void, undefined> {
    for await (const { keys, moment } of this.keys(range)) {
      const rows = await this.rows(keys, bound, moment);
      const shown = keysToo ? await this.present(keys, rows, bound, moment) : rows;
      yield* keys.flatMap(({ key, record }) => (shown.has(key) ? { key, row: rows.get(key), record } : []));
    }
  }

  /**
   * Every version in a range of values, those of a key in ascending order: the state at one revision, as {@link walk}.
   * @param livingOnly leaves out keys of which only history is left: who took a copy of that would have it as the latest
   * @throws KvsError LEITURA_VENCIDA
   */
  async *values(range: EtcdRange, livingOnly = false): AsyncGenerator<Row, void, undefined> {
    for await (const { rows, moment } of this.rowsIn(range)) {
      yield* livingOnly ? await this.ofLiving(rows, moment) : rows;
    }
  }

  /**
   * Every version of a key in ascending order, and whether it is the latest: the state at one revision, as {@link walk}.
   * @throws KvsError LEITURA_VENCIDA
   */
  async *versions(key: string): AsyncGenerator<readonly [row: Row, isLatest: boolean], void, undefined> {
    let head: readonly (EtcdKeyValue | undefined)[] | undefined;
    for await (const { rows, moment } of this.rowsIn(valuesOf(key))) {
      head ??= await this.readAll([get(headKey(key), atMoment(moment))], moment);
      const latest = ourHead(head[0])?.record.last;
      yield* rows.map((row) => [row, row.timestamp === latest?.timestamp] as const);
    }
  }

  /**
   * How many keys of a range of heads have a latest value, and their versions: the state at one revision, in parts.
   * @throws KvsError LEITURA_VENCIDA
   */
  async *counts(range: EtcdRange): AsyncGenerator<Counted, void, undefined> {
    for await (const { keys, moment } of this.keys(range)) {
      const there = await this.present(keys, new Map(), ANY_VERSION, moment);
      const living = keys.filter(({ key }) => there.has(key));
      // What may have expired is looked at; of all others the replicas know how many there are.
      const [looked, counted] = [true, false].map((mayExpire) =>
        living.filter(({ record }) => (record.expiry !== undefined) === mayExpire),
      ) as [KnownKey[], KnownKey[]];
      let versions = await this.countAll(counted, moment);
      for (const { key } of looked) {
        const index = versionIndex(key);
        for await (const { kvs } of this.pages(index.range, moment)) {
          versions += kvs.filter((kv) => !this.expired.isOver(index.placeOf(kv))).length;
        }
      }
      yield { keys: living.length, versions };
    }
  }

  /** The keys of a range of heads that may have a value, some at a time. */
  private async *keys(
    range: EtcdRange,
  ): AsyncGenerator<{ readonly keys: readonly KnownKey[]; readonly moment: Moment }, void, undefined> {
    for await (const { kvs, moment } of this.pages(range)) {
      const keys = kvs.flatMap((kv): KnownKey[] => {
        const record = ourHead(kv)?.record;
        if (record?.last === undefined && record?.expiry === undefined) return [];
        return [{ key: keyOfHead(kv.key), record }];
      });
      for (let at = 0; at < keys.length; at += this.tuning.pageRanges) {
        yield { keys: keys.slice(at, at + this.tuning.pageRanges), moment };
      }
    }
  }

  /** The rows in a range of values that have not expired, a page at a time. */
  private async *rowsIn(
    range: EtcdRange,
  ): AsyncGenerator<{ readonly rows: readonly Row[]; readonly moment: Moment }, void, undefined> {
    for await (const { kvs, moment } of this.pages(range)) {
      const rows = kvs.flatMap((kv) => {
        if (!isPlaceOfValue(kv.key)) return [];
        const { key, timestamp } = placeOfValue(kv.key);
        return ourRow(key, timestamp, kv) ?? [];
      });
      yield { rows: await this.alive(rows), moment };
    }
  }

  /** The pages of a range, all of the revision of the first, or of an earlier moment. */
  private async *pages(
    range: EtcdRange,
    since: Moment = { revision: 0 },
  ): AsyncGenerator<{ readonly kvs: readonly EtcdKeyValue[]; readonly moment: Moment }, void, undefined> {
    if (Buffer.compare(range.key, range.range_end) >= 0) return;
    let moment = since;
    let from = range.key;
    for (;;) {
      const page = await this.page({ ...range, key: from }, moment);
      moment = page.moment;
      const { kvs, more } = page.response;
      yield { kvs, moment };
      const last = kvs.at(-1);
      if (!more || last === undefined) return;
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

  /** The wanted row of each key that has one. */
  private async rows(
    keys: readonly KnownKey[],
    bound: Bound,
    moment: Moment,
  ): Promise<ReadonlyMap<string, Row>> {
    const timestamps = await this.timestamps(keys, bound, moment);
    const wanted = keys.flatMap(({ key, record }) => {
      const timestamp = timestamps.get(key);
      return timestamp === undefined ? [] : [{ key, timestamp, record }];
    });
    const at = atMoment(moment);
    const kvs = await this.readAll(
      wanted.map(({ key, timestamp }) => get(valueKey(key, timestamp), at)),
      moment,
    );
    const found = wanted.flatMap(({ key, timestamp, record }, index): Row[] => {
      const row = rowOf(key, timestamp, kvs[index]);
      const isGone = row === undefined && timestamp === record.last?.timestamp && mayBeGone(record);
      return isGone ? [] : [present(row, key, { timestamp })];
    });
    return new Map((await this.alive(found)).map((row) => [row.key, row]));
  }

  /** The keys that have a latest value. */
  private async present(
    keys: readonly KnownKey[],
    rows: ReadonlyMap<string, Row>,
    bound: Bound,
    moment: Moment,
  ): Promise<ReadonlySet<string>> {
    if (bound.kind === 'newest') return new Set(rows.keys());
    const named = keys.filter(({ record }) => record.last !== undefined);
    const doubtful = named.filter(({ record }) => mayBeGone(record));
    const searched = doubtful.flatMap(({ key, record: { last } }) => {
      return last === undefined ? [] : [{ key, index: onlyVersion(key, last.version) }];
    });
    const found = await this.firsts(searched, moment);
    const there = named.filter(({ key, record }) => found.has(key) || !mayBeGone(record));
    return new Set(there.map(({ key }) => key));
  }

  /** The rows of keys that have a latest value. */
  private async ofLiving(rows: readonly Row[], moment: Moment): Promise<readonly Row[]> {
    const names = [...new Set(rows.map(({ key }) => key))];
    const at = atMoment(moment);
    const living = new Set<string>();
    for (let from = 0; from < names.length; from += this.tuning.pageRanges) {
      const some = names.slice(from, from + this.tuning.pageRanges);
      const heads = await this.readAll(
        some.map((key) => get(headKey(key), at)),
        moment,
      );
      const known = some.flatMap((key, index): KnownKey[] => {
        const kv = heads[index];
        const record = kv && ourHead(kv)?.record;
        return record === undefined ? [] : [{ key, record }];
      });
      for (const key of await this.present(known, new Map(), ANY_VERSION, moment)) living.add(key);
    }
    return rows.filter(({ key }) => living.has(key));
  }

  /** The timestamp of the wanted row of each key, if it has one and has not expired; absent for a key without one. */
  private async timestamps(
    keys: readonly KnownKey[],
    bound: Bound,
    moment: Moment,
  ): Promise<ReadonlyMap<string, number>> {
    const known = new Map<string, number>();
    const searched: { key: string; index: Index }[] = [];
    for (const { key, record } of keys) {
      const { last } = record;
      if (bound.kind === 'newest') {
        if (last !== undefined) known.set(key, last.timestamp);
      } else if (last !== undefined && last[bound.kind] <= bound.upTo && !mayBeGone(record)) {
        known.set(key, last.timestamp);
      } else {
        const indexOf = bound.kind === 'version' ? versionIndex : timeIndex;
        searched.push({ key, index: indexOf(key, bound.upTo) });
      }
    }
    const found = await this.firsts(searched, moment);
    for (const [key, { timestamp }] of found) known.set(key, timestamp);
    return known;
  }

  /** For each key the first place in a part of an index that has not expired, if there is one. */
  private async firsts(
    searched: readonly { readonly key: string; readonly index: Index }[],
    moment: Moment,
  ): Promise<ReadonlyMap<string, ExpiringPlace>> {
    const at = atMoment(moment);
    const entries = await this.readAll(
      searched.map(({ index }) => first(index.range, at)),
      moment,
    );
    const found = new Map<string, ExpiringPlace>();
    for (const [i, { key, index }] of searched.entries()) {
      const entry = entries[i];
      let place = entry && { key, ...index.placeOf(entry) };
      if (entry !== undefined && place !== undefined && this.expired.isOver(place)) {
        const rest = { ...index, range: { ...index.range, key: after(entry.key) } };
        place = await this.firstAlive(key, rest, moment);
      }
      if (place !== undefined) found.set(key, place);
    }
    return found;
  }

  /** The first place in a part of an index that has not expired, where others have that nobody has removed yet. */
  private async firstAlive(key: string, index: Index, moment: Moment): Promise<ExpiringPlace | undefined> {
    for (let { range } = index; ;) {
      const at = atMoment(moment);
      const request = { compare: [], success: [first(range, at, expiryLimits.indexEntries)], failure: [] };
      const options = { deadline: this.deadline(), local: true, prefer: moment.member };
      const { response } = await this.reads.ask(request, options);
      const { kvs = [], more = false } = response.responses[0]?.response_range ?? {};
      const places = kvs.map((entry) => ({ key, ...index.placeOf(entry) }));
      const place = places.find((one) => !this.expired.isOver(one));
      const last = kvs.at(-1);
      if (place !== undefined || !more || last === undefined) return place;
      range = { ...range, key: after(last.key) };
    }
  }

  /** Rows that have not expired. Those that have are removed, so that no other reader finds them afterwards. */
  private async alive(rows: readonly Row[]): Promise<readonly Row[]> {
    const over = rows.filter((row) => this.expired.isOver(row));
    if (over.length === 0) return rows;
    if (!this.reads.local) await this.expired.remove(over, this.deadline());
    return rows.filter((row) => !over.includes(row));
  }

  /** How many versions these keys have together, also such as have expired. */
  private async countAll(keys: readonly KnownKey[], moment: Moment): Promise<number> {
    if (keys.length === 0) return 0;
    const success = keys.map(({ key }) => countOf(valuesOf(key), atMoment(moment)));
    const options = { deadline: this.deadline(), local: true, prefer: moment.member };
    const { response } = await this.reads.ask({ compare: [], success, failure: [] }, options);
    return response.responses.reduce((sum, one) => sum + (one.response_range?.count ?? 0), 0);
  }

  /** The first key of each range, all at one moment. */
  private async readAll(success: readonly RequestOp[], { member }: Moment) {
    if (success.length === 0) return [];
    const options = { deadline: this.deadline(), local: true, prefer: member };
    const { response } = await this.reads.ask({ compare: [], success, failure: [] }, options);
    return success.map((_, index) => read(response, index));
  }
}

/** Reads what was there at a moment: it is the same on every member. */
function atMoment({ revision }: Moment): { readonly local: true; readonly revision: number } {
  return { local: true, revision };
}
