import { KvsError } from '../core/errors.js';
import type { Row } from '../ports/engine.js';
import { Unanswered } from './client.js';
import type { Answered, Client } from './client.js';
import type { HeadCache } from './head-cache.js';
import { headKey, timesUpTo, timestampOfPlace, valueKey, versionsUpTo } from './layout.js';
import type { Member } from './member.js';
import { headOf, rowOf } from './records.js';
import type { Head, Place } from './records.js';
import { first, get, read, unchanged } from './requests.js';
import { TXN } from './wire.js';
import type { KeyValue, TxnRequest, TxnResponse } from './wire.js';

/** A moment of the whole store, and the member that is known to have reached it. */
export interface Moment {
  readonly revision: number;
  readonly member?: Member | undefined;
}

/**
 * Reads of one key. The first request of each is linearizable (or local, if the server was told so); what follows
 * reads the same revision, which is the same on every member and so asks nobody for leave.
 */
export class Reads {
  constructor(
    private readonly client: Client,
    private readonly cache: HeadCache,
    /** Whether answers may come from the member's own, possibly old state. */
    readonly local: boolean,
  ) {}

  /** The head of a key now, whatever the server was told of local reads: for writers. */
  async head(key: string, deadline: number): Promise<Head> {
    const request = { compare: [], success: [get(headKey(key), { local: false })], failure: [] };
    const { response } = await this.ask(request, { deadline, local: false });
    return this.seen(key, read(response, 0));
  }

  /** The newest row of a key. */
  async newest(key: string, deadline: number): Promise<Row | undefined> {
    const { local } = this;
    const known = this.cache.get(key);
    const place = headKey(key);
    const last = known?.record.last;
    const request: TxnRequest =
      known === undefined
        ? { compare: [], success: [get(place, { local })], failure: [] }
        : {
            compare: [unchanged(place, known.revision)],
            success: last === undefined ? [] : [get(valueKey(key, last.timestamp), { local })],
            failure: [get(place, { local })],
          };
    const { response, member } = await this.ask(request, { deadline, local });
    if (known !== undefined && response.succeeded) {
      return last && present(rowOf(key, last.timestamp, read(response, 0)), key, last);
    }
    const head = this.seen(key, read(response, 0));
    if (head.record.last === undefined) return undefined;
    return this.value(key, head.record.last, { revision: response.header.revision, member }, deadline);
  }

  /** The greatest version ≤ `version`. */
  async upToVersion(key: string, version: number, deadline: number): Promise<Row | undefined> {
    const { local } = this;
    const request = { compare: [], success: [first(versionsUpTo(key, version), { local })], failure: [] };
    const { response, member } = await this.ask(request, { deadline, local });
    const entry = read(response, 0);
    if (entry === undefined) return undefined;
    const moment = { revision: response.header.revision, member };
    return this.value(key, { timestamp: timestampIn(entry) }, moment, deadline);
  }

  /** The row with the greatest timestamp ≤ `timestamp`. */
  async upToTime(key: string, timestamp: number, deadline: number): Promise<Row | undefined> {
    const { local } = this;
    const request = { compare: [], success: [first(timesUpTo(key, timestamp), { local })], failure: [] };
    const { response, member } = await this.ask(request, { deadline, local });
    const entry = read(response, 0);
    if (entry === undefined) return undefined;
    const moment = { revision: response.header.revision, member };
    return this.value(key, { timestamp: timestampOfPlace(entry.key) }, moment, deadline);
  }

  /**
   * The value that a key had at a place, at a moment when it was there.
   * @throws KvsError INTERNO if it was not: an index and the values contradict each other
   */
  async value(key: string, place: Pick<Place, 'timestamp'>, moment: Moment, deadline: number): Promise<Row> {
    const { revision, member } = moment;
    const success = [get(valueKey(key, place.timestamp), { local: true, revision })];
    const options = { deadline, local: true, prefer: member };
    const { response } = await this.ask({ compare: [], success, failure: [] }, options);
    return present(rowOf(key, place.timestamp, read(response, 0)), key, place);
  }

  /** @throws KvsError as readers see it */
  async ask(
    request: TxnRequest,
    options: { readonly deadline: number; readonly local: boolean; readonly prefer?: Member | undefined },
  ): Promise<Answered<TxnResponse>> {
    try {
      return await this.client.call(TXN, request, options);
    } catch (thrown) {
      throw thrown instanceof Unanswered ? thrown.toReadError() : thrown;
    }
  }

  private seen(key: string, kv: KeyValue | undefined): Head {
    const head = headOf(kv);
    this.cache.note(key, head);
    return head;
  }
}

/** The timestamp that an entry of the index by version holds. */
export function timestampIn(entry: KeyValue): number {
  return Number(entry.value.toString('latin1'));
}

/** @throws KvsError INTERNO if there is no row where a head or an index says that there is one */
export function present(row: Row | undefined, key: string, place: Pick<Place, 'timestamp'>): Row {
  if (row !== undefined) return row;
  const shown = JSON.stringify(key);
  throw new KvsError('INTERNO', `as réplicas não têm o valor de ${shown} em ${place.timestamp}`);
}
