import { KvsError } from '../../core/errors.js';
import type { Row } from '../../ports/engine.js';
import { Unanswered } from './etcd-client.js';
import type { Answered, EtcdCaller } from './etcd-client.js';
import type { HeadCache } from './head-cache.js';
import { headKey, timesUpTo, timestampOfPlace, valueKey, versionsUpTo } from './layout.js';
import type { EtcdRange } from './layout.js';
import type { EtcdMember } from './etcd-member.js';
import { headOf, ourHead, rowOf } from './records.js';
import type { Place } from '../plan.js';
import type { StoredHead } from './records.js';
import { first, get, read, unchanged } from './etcd-requests.js';
import { TXN } from './etcd-messages.js';
import type { Header, EtcdKeyValue, TxnRequest, TxnResponse } from './etcd-messages.js';

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

  /** The newest row of a key. */
  async newest(key: string, deadline: number): Promise<Row | undefined> {
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
      return last && present(rowOf(key, last.timestamp, read(response, 0)), key, last);
    }
    const head = ourHead(read(response, 0));
    if (head !== undefined) this.cache.note(key, head);
    if (head?.record.last === undefined) return undefined;
    return this.value(key, head.record.last, { revision: response.header.revision, member }, deadline);
  }

  /** The greatest version ≤ `version`. */
  upToVersion(key: string, version: number, deadline: number): Promise<Row | undefined> {
    return this.indexed(key, versionsUpTo(key, version), timestampIn, deadline);
  }

  /** The row with the greatest timestamp ≤ `timestamp`. */
  upToTime(key: string, timestamp: number, deadline: number): Promise<Row | undefined> {
    return this.indexed(key, timesUpTo(key, timestamp), (entry) => timestampOfPlace(entry.key), deadline);
  }

  /** The row of the first index entry in a range. */
  private async indexed(
    key: string,
    range: EtcdRange,
    timestampOf: (entry: EtcdKeyValue) => number,
    deadline: number,
  ): Promise<Row | undefined> {
    const { response, member } = await this.begin(
      (local) => ({ compare: [], success: [first(range, { local })], failure: [] }),
      deadline,
    );
    const entry = read(response, 0);
    if (entry === undefined) return undefined;
    const moment = { revision: response.header.revision, member };
    return this.value(key, { timestamp: timestampOf(entry) }, moment, deadline);
  }

  /** The first request of a read, from a member's own state if allowed and recent enough. */
  private begin(request: (local: boolean) => TxnRequest, deadline: number): Promise<Answered<TxnResponse>> {
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
    const { revision, member } = moment;
    const success = [get(valueKey(key, place.timestamp), { local: true, revision })];
    const options = { deadline, local: true, prefer: member };
    const { response } = await this.ask({ compare: [], success, failure: [] }, options);
    return present(rowOf(key, place.timestamp, read(response, 0)), key, place);
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

/** The timestamp that an entry of the index by version holds. */
export function timestampIn(entry: EtcdKeyValue): number {
  return Number(entry.value.toString('latin1'));
}

/** @throws KvsError INTERNO if there is no row where a head or an index says that there is one */
export function present(row: Row | undefined, key: string, place: Pick<Place, 'timestamp'>): Row {
  if (row !== undefined) return row;
  const shown = JSON.stringify(key);
  throw new KvsError('INTERNO', `as réplicas não têm o valor de ${shown} em ${place.timestamp}`);
}
