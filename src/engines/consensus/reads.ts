import { KvsError } from '../../core/errors.js';
import type { Row } from '../../ports/engine.js';
import { Unanswered } from './etcd-client.js';
import type { Answered, EtcdCaller } from './etcd-client.js';
import type { Expired, ExpiringPlace } from './expired.js';
import { mayBeGone, withoutLast } from './expiry-marks.js';
import type { HeadCache } from './head-cache.js';
import { expiryLimits } from './limits.js';
import {
  after,
  headKey,
  timesUpTo,
  timestampOfPlace,
  valueKey,
  valuesOf,
  versionKey,
  versionOfPlace,
  versionsUpTo,
} from './layout.js';
import type { EtcdRange } from './layout.js';
import type { EtcdMember } from './etcd-member.js';
import { decodeIndex, headOf, ourHead, rowOf } from './records.js';
import type { Place } from '../plan.js';
import type { StoredHead } from './records.js';
import { counted, countOf, first, get, read, unchanged } from './etcd-requests.js';
import { TXN } from './etcd-messages.js';
import type { Header, EtcdKeyValue, TxnRequest, TxnResponse } from './etcd-messages.js';

/** A version that a search found, and the moment at which it was there. */
interface Found {
  readonly place: ExpiringPlace;
  readonly moment: Moment;
}

/** A revision of the whole store, and the member that is known to have reached it. */
export interface Moment {
  readonly revision: number;
  readonly member?: EtcdMember | undefined;
}

/**
 * Reads of one key. The first request of each is linearizable (or local, if the server is configured so). The
 * following ones read the same revision, which is the same on every member and so needs no majority.
 */
export class Reads {
  constructor(
    private readonly client: EtcdCaller,
    private readonly cache: HeadCache,
    private readonly expired: Expired,
    /** Whether answers may come from the member's own, possibly old state. */
    readonly local: boolean,
    /** In a session, no answer is older than this revision, or than any answer before it. */
    private since?: number,
  ) {}

  /**
   * The head of a key now, for writers: never from a local read.
   * @throws KvsError as {@link headOf}
   */
  async head(key: string, deadline: number): Promise<StoredHead> {
    const request = { compare: [], success: [get(headKey(key), { local: false })], failure: [] };
    const { response } = await this.ask(request, { deadline, local: false });
    const head = headOf(read(response, 0));
    this.cache.note(key, head);
    return head;
  }

  /**
   * A head as it is now: without its newest version if that has expired. For writers, which then compare that the head
   * is unchanged; what has expired does not come back.
   */
  async current(key: string, head: StoredHead, deadline: number): Promise<StoredHead> {
    const { last } = head.record;
    if (last === undefined || !mayBeGone(head.record)) return head;
    const success = [get(versionKey(key, last.version), { local: false })];
    const { response } = await this.ask({ compare: [], success, failure: [] }, { deadline, local: false });
    const entry = read(response, 0);
    if (entry === undefined) return withoutLast(head);
    const { expiresAt } = decodeIndex(entry);
    if (!this.expired.isOver({ expiresAt })) return head;
    await this.expired.remove([{ key, ...last }], deadline);
    return withoutLast(head);
  }

  /** Whether a key has any version that can be read, the latest or not. */
  async hasAny(key: string, deadline: number): Promise<boolean> {
    return (await this.search(key, versionIndex(key), deadline)) !== undefined;
  }

  /** Removes the versions of a key that have expired. O(n). */
  async removeExpired(key: string, deadline: number): Promise<void> {
    const index = versionIndex(key);
    for (let { range } = index; ;) {
      const success = [first(range, { local: false }, expiryLimits.indexEntries)];
      const { response } = await this.ask({ compare: [], success, failure: [] }, { deadline, local: false });
      const { kvs = [], more = false } = response.responses[0]?.response_range ?? {};
      const places = kvs.map((entry) => ({ key, ...index.placeOf(entry) }));
      const over = places.filter((place) => this.expired.isOver(place));
      if (over.length > 0) await this.expired.remove(over, deadline);
      const last = kvs.at(-1);
      if (!more || last === undefined) return;
      range = { ...range, key: after(last.key) };
    }
  }

  /** How many versions a key had at a revision, also such as had expired. */
  async versionsAt(key: string, revision: number, deadline: number): Promise<number> {
    const success = [countOf(valuesOf(key), { local: true, revision })];
    const { response } = await this.ask({ compare: [], success, failure: [] }, { deadline, local: true });
    return counted(response, 0);
  }

  /** The newest row of a key. */
  async newest(key: string, deadline: number): Promise<Row | undefined> {
    for (;;) {
      const row = await this.stored(key, deadline);
      if (row === undefined || !this.expired.isOver(row)) return row;
      // Looked at anew, since another version may be the newest by now.
      if (!(await this.removed([row], deadline))) return undefined;
    }
  }

  /** The newest row that the replicas have. */
  private async stored(key: string, deadline: number): Promise<Row | undefined> {
    const known = this.cache.get(key);
    const place = headKey(key);
    const last = known?.record.last;
    const { response, member } = await this.begin((local): TxnRequest => {
      if (known === undefined) return { compare: [], success: [get(place, { local })], failure: [] };
      return {
        compare: [unchanged(place, known.revision)],
        success: last === undefined ? [] : [get(valueKey(key, last.timestamp), { local })],
        failure: [get(place, { local })],
      };
    }, deadline);
    if (known !== undefined && response.succeeded) {
      const row = last && rowOf(key, last.timestamp, read(response, 0));
      return last === undefined || mayBeGone(known.record) ? row : present(row, key, last);
    }
    const head = ourHead(read(response, 0));
    if (head !== undefined) this.cache.note(key, head);
    if (head?.record.last === undefined) return undefined;
    const moment = { revision: response.header.revision, member };
    const row = await this.find(key, head.record.last, moment, deadline);
    return mayBeGone(head.record) ? row : present(row, key, head.record.last);
  }

  /** The greatest version ≤ `version`. */
  upToVersion(key: string, version: number, deadline: number): Promise<Row | undefined> {
    return this.indexed(key, versionIndex(key, version), deadline);
  }

  /** The row with the greatest timestamp ≤ `timestamp`. */
  upToTime(key: string, timestamp: number, deadline: number): Promise<Row | undefined> {
    return this.indexed(key, timeIndex(key, timestamp), deadline);
  }

  private async indexed(key: string, index: Index, deadline: number): Promise<Row | undefined> {
    const found = await this.search(key, index, deadline);
    return found && this.value(key, found.place, found.moment, deadline);
  }

  /** The first version in a part of an index that has not expired. Those before it are removed. */
  async search(key: string, index: Index, deadline: number): Promise<Found | undefined> {
    let { range } = index;
    for (let limit = 1; ; limit = expiryLimits.indexEntries) {
      const request = (local: boolean): TxnRequest => {
        return { compare: [], success: [first(range, { local }, limit)], failure: [] };
      };
      const { response, member } = await this.begin(request, deadline);
      const { kvs = [], more = false } = response.responses[0]?.response_range ?? {};
      const places = kvs.map((entry) => ({ key, ...index.placeOf(entry) }));
      const at = places.findIndex((place) => !this.expired.isOver(place));
      const over = at < 0 ? places : places.slice(0, at);
      // Looked at anew, since there may be a later version by now.
      if (over.length > 0 && (await this.removed(over, deadline))) continue;
      const place = places[at];
      if (place !== undefined) return { place, moment: { revision: response.header.revision, member } };
      const last = kvs.at(-1);
      if (!more || last === undefined) return undefined;
      range = { ...range, key: after(last.key) };
    }
  }

  /** Removes what has expired; `false` where it can only be hidden: reads that ask no majority, or full replicas. */
  async removed(places: readonly ExpiringPlace[], deadline: number): Promise<boolean> {
    return !this.local && (await this.expired.remove(places, deadline));
  }

  /** The first request of a read, from a member's own state if allowed and recent enough. */
  begin(request: (local: boolean) => TxnRequest, deadline: number): Promise<Answered<TxnResponse>> {
    return this.recent((local) => this.ask(request(local), { deadline, local }));
  }

  /**
   * Asks locally where allowed, and again of the majority if a member's own state was older than {@link since}.
   * @throws KvsError SESSAO_ADIANTE if the majority is older too: the session is of other replicas
   */
  async recent<Res extends { readonly header: Header }>(
    ask: (local: boolean) => Promise<Answered<Res>>,
  ): Promise<Answered<Res>> {
    const answer = await ask(this.local);
    if (this.since === undefined || this.advance(answer)) return answer;
    if (this.local) {
      const agreed = await ask(false);
      if (this.advance(agreed)) return agreed;
    }
    throw new KvsError(
      'SESSAO_ADIANTE',
      'TRY_OTHER_SERVER_OR_LATER: esta sessão já viu mais do que as réplicas deste servidor têm: são outras, ou voltaram ' +
        'a uma cópia antiga; comece outra sessão',
    );
  }

  /** Whether an answer is at least as new as those before it. */
  private advance({ response }: Answered<{ readonly header: Header }>): boolean {
    const { revision } = response.header;
    const { since = 0 } = this;
    this.since = Math.max(since, revision);
    return revision >= since;
  }

  /**
   * The value that a key had at a place, at a moment when it existed.
   * @throws KvsError INTERNO if it did not: an index and the values contradict each other
   */
  async value(key: string, place: Pick<Place, 'timestamp'>, moment: Moment, deadline: number): Promise<Row> {
    return present(await this.find(key, place, moment, deadline), key, place);
  }

  /** The value at a place as it is now, never from a local read; `undefined` if it is not there. */
  async valueNow(key: string, { timestamp }: Place, deadline: number): Promise<Row | undefined> {
    const success = [get(valueKey(key, timestamp), { local: false })];
    const { response } = await this.ask({ compare: [], success, failure: [] }, { deadline, local: false });
    return rowOf(key, timestamp, read(response, 0));
  }

  /** The value that a key had at a place, if it existed at that moment. */
  private async find(
    key: string,
    { timestamp }: Pick<Place, 'timestamp'>,
    { revision, member }: Moment,
    deadline: number,
  ): Promise<Row | undefined> {
    const success = [get(valueKey(key, timestamp), { local: true, revision })];
    const options = { deadline, local: true, prefer: member };
    const { response } = await this.ask({ compare: [], success, failure: [] }, options);
    return rowOf(key, timestamp, read(response, 0));
  }

  /** @throws KvsError from {@link Unanswered.toReadError} */
  async ask(
    request: TxnRequest,
    options: { readonly deadline: number; readonly local: boolean; readonly prefer?: EtcdMember | undefined },
  ): Promise<Answered<TxnResponse>> {
    try {
      return await this.client.call(TXN, request, options);
    } catch (thrown) {
      throw thrown instanceof Unanswered ? thrown.toReadError() : thrown;
    }
  }
}

/** A part of an index of a key, from its greatest place down. */
export interface Index {
  readonly range: EtcdRange;
  /** What an entry stands for. */
  placeOf(entry: EtcdKeyValue): Omit<ExpiringPlace, 'key'>;
}

/** The index by version, from `version` down. */
export function versionIndex(key: string, version = Infinity): Index {
  return { range: versionsUpTo(key, version), placeOf: placeOfVersion };
}

/** The index by version, of `version` alone. */
export function onlyVersion(key: string, version: number): Index {
  const place = versionKey(key, version);
  return { range: { key: place, range_end: after(place) }, placeOf: placeOfVersion };
}

/** The index by time, from `timestamp` down. */
export function timeIndex(key: string, timestamp: number): Index {
  return {
    range: timesUpTo(key, timestamp),
    placeOf: (entry) => {
      const { other: version, expiresAt } = decodeIndex(entry);
      return { version, timestamp: timestampOfPlace(entry.key), expiresAt };
    },
  };
}

/** What an entry of the index by version stands for. */
export function placeOfVersion(entry: EtcdKeyValue): Omit<ExpiringPlace, 'key'> {
  const { other: timestamp, expiresAt } = decodeIndex(entry);
  return { version: versionOfPlace(entry.key), timestamp, expiresAt };
}

/** @throws KvsError INTERNO if there is no row where a head or an index says that there is one */
export function present(row: Row | undefined, key: string, place: Pick<Place, 'timestamp'>): Row {
  if (row !== undefined) return row;
  const shown = JSON.stringify(key);
  throw new KvsError('INTERNO', `as réplicas não têm o valor de ${shown} em ${place.timestamp}`);
}
