import type { KeyWrite } from '../../ports/engine.js';
import {
  contentOf,
  headKey,
  requestKey,
  timeKey,
  timesBelow,
  valueKey,
  valuesBelow,
  valuesOf,
  versionKey,
  versionsBelow,
} from './layout.js';
import { decodeValue, encodeHead, encodeIndex, encodeValue, headOf, RECENT_WRITES } from './records.js';
import { tellsNewest } from '../plan.js';
import type { KeyFacts, Place, Step } from '../plan.js';
import type { StoredHead, HeadRecord } from './records.js';
import {
  absent,
  countOf,
  drop,
  dropRange,
  exists,
  get,
  put,
  putFor,
  read,
  unchanged,
} from './etcd-requests.js';
import { afterRemoval, afterTrim, markedWith, mayBeGone } from './expiry-marks.js';
import { decodeRequest, encodeRequest, requestRecord } from './request-record.js';
import type { RequestRecord } from './request-record.js';
import type { Compare, RequestOp, TxnRequest, TxnResponse } from './etcd-messages.js';

/**
 * One write, planned against a head: a transaction that does everything if the head is unchanged, and nothing
 * otherwise. Each write changes the head, and heads are never removed, so a plan is applied at most once however
 * often it is sent. Pure.
 */
export interface WriteTransaction {
  readonly key: string;
  readonly base: StoredHead;
  readonly next: HeadRecord;
  /** Names this plan; stored last in the head's recent tokens. */
  readonly token: string;
  readonly operations: readonly RequestOp[];
  /** The value read before the operations: the newest one until now. */
  readonly before: Place | undefined;
  /** Whether the key's versions are counted before the operations. */
  readonly counts?: boolean;
  /** The place of the value that is put. */
  readonly made: Place | undefined;
  /** The key for the outcome of the request, if the client may repeat it; must not exist yet. */
  readonly request?: Buffer | undefined;
  /** Places of versions that were there and may expire: if one has, the plan is not applied. */
  readonly alive: readonly Buffer[];
}

/** A request that a client may repeat: its id, and the lease of its record. */
interface Repeatable {
  readonly id: string;
  readonly lease: number;
}

/** Leases of what a write puts. */
export interface PutLeases {
  readonly request?: Repeatable | undefined;
  /** Of the value, if it has a time to live. */
  readonly value?: number | undefined;
}

/**
 * What a write knows of its key: the head, without a latest version that has expired, and, if the write names a
 * version, the places of that one and the one before.
 */
export class HeadFacts implements KeyFacts {
  /** @param hidden whether there are versions beside the latest, or without one */
  constructor(
    readonly base: StoredHead,
    readonly named?: Place,
    readonly older?: Place,
    private readonly hidden = false,
  ) {}

  get greatestVersion(): number {
    return this.base.record.greatestVersion;
  }

  get greatestTimestamp(): number {
    return this.base.record.greatestTimestamp;
  }

  get newest(): Place | undefined {
    return this.base.record.last;
  }

  get isEmpty(): boolean {
    return this.newest === undefined && !this.hidden;
  }

  has(version: number): boolean {
    return this.named?.version === version;
  }

  /** This engine restores nothing. */
  holds(): boolean {
    return false;
  }
}

/**
 * Plans a step as a transaction.
 * @param token names this plan, and no other
 * @param leases the request is recorded with it, and must not have been recorded before
 * @param value what is added
 */
export function planTransaction(
  write: KeyWrite,
  step: Step,
  facts: HeadFacts,
  token: string,
  { request, value: valueLease }: PutLeases = {},
  value = 'value' in write ? write.value : undefined,
): WriteTransaction {
  const { base } = facts;
  const { record } = base;
  const { key } = write;
  const before = tellsNewest(write) ? record.last : undefined;
  const planned = (
    change: Partial<HeadRecord>,
    operations: readonly RequestOp[],
    made?: Place,
    named?: Place,
  ): WriteTransaction => {
    const recent = [...record.recent, token].slice(-RECENT_WRITES);
    const isOfLatest = made === undefined || write.kind === 'compare' || write.kind === 'renew';
    const mustLive = isOfLatest && mayBeGone(record) ? record.last : undefined;
    const mayExpire = record.expiry === undefined ? [] : [mustLive, named];
    const alive = mayExpire.flatMap((place) => (place === undefined ? [] : versionKey(key, place.version)));
    const next = { ...record, ...change, recent };
    return { key, base, token, next, operations, before, counts: write.kind === 'remove', made, alive };
  };
  switch (step.kind) {
    case 'add': {
      if (value === undefined) throw new Error(`${write.kind} adds nothing`);
      const { version, timestamp, expiresAt } = step;
      const made = { version, timestamp };
      const own = (place: Buffer, content: Buffer): RequestOp => {
        return valueLease === undefined ? put(place, content) : putFor(valueLease, place, content);
      };
      const operations = [
        own(valueKey(key, timestamp), encodeValue(version, token, value, expiresAt)),
        own(versionKey(key, version), encodeIndex(timestamp, expiresAt)),
        own(timeKey(key, timestamp), encodeIndex(version, expiresAt)),
      ];
      const expiry = expiresAt === undefined ? record.expiry : markedWith(record, version);
      const next = { greatestVersion: version, greatestTimestamp: timestamp, last: made, expiry };
      if (request === undefined) return planned(next, operations, made);
      const place = requestKey(request.id);
      const note = encodeRequest(requestRecord(key, value, made, expiresAt));
      operations.push(putFor(request.lease, place, note));
      return { ...planned(next, operations, made), request: place };
    }
    case 'removeVersion': {
      const { named, older } = facts;
      if (named === undefined) throw new Error('a version is removed that was not looked for');
      const operations = [
        drop(valueKey(key, named.timestamp)),
        drop(versionKey(key, named.version)),
        drop(timeKey(key, named.timestamp)),
      ];
      return planned(afterRemoval(record, named.version, older), operations, undefined, named);
    }
    case 'removeAll':
      return planned({ last: undefined, expiry: undefined }, contentOf(key).map(dropRange));
    case 'keepNewest': {
      if (record.last === undefined) throw new Error('there is no newest version to keep');
      return planned({ expiry: afterTrim(record) }, [
        dropRange(valuesBelow(key, record.last.timestamp)),
        dropRange(versionsBelow(key, record.last.version)),
        dropRange(timesBelow(key, record.last.timestamp)),
      ]);
    }
    case 'nothing':
      throw new Error('there is nothing to do');
  }
}

/** The etcd transaction of a plan. If its comparison fails, it answers with what {@link judge} needs. */
export function transactionOf(of: WriteTransaction): TxnRequest {
  const { key, next, operations, before, counts } = of;
  const now = { local: false };
  const looks = before === undefined ? [] : [get(valueKey(key, before.timestamp), now)];
  const counted = counts === true ? [countOf(valuesOf(key))] : [];
  return {
    compare: conditionsOf(of),
    success: [...looks, ...counted, ...operations, put(headKey(key), encodeHead(next))],
    failure: evidence(of),
  };
}

/** Changes nothing, and answers with what {@link judge} needs unless the head is unchanged. */
export function inquiryOf(of: WriteTransaction): TxnRequest {
  return { compare: conditionsOf(of), success: [], failure: evidence(of) };
}

function conditionsOf({ key, base, request, alive }: WriteTransaction): readonly Compare[] {
  const isFirst = request === undefined ? [] : [absent(request)];
  return [unchanged(headKey(key), base.revision), ...isFirst, ...alive.map(exists)];
}

function evidence({ key, made, request }: WriteTransaction): readonly RequestOp[] {
  const now = { local: false };
  const looks = made === undefined ? [] : [get(valueKey(key, made.timestamp), now)];
  return [get(headKey(key), now), ...looks, ...(request === undefined ? [] : [get(request, now)])];
}

/** The outcome of the plan's request in any attempt, from the answer to a plan whose comparison failed. */
export function requestIn({ request }: WriteTransaction, answer: TxnResponse): RequestRecord | undefined {
  const kv = request === undefined ? undefined : read(answer, answer.responses.length - 1);
  return kv && decodeRequest(kv.value);
}

/** The outcome of a plan whose comparison failed: applied by an earlier attempt, never to be applied, or unknown. */
type PlanVerdict = {
  readonly outcome: 'applied' | 'notApplied' | 'unknown';
  readonly head: StoredHead;
};

/**
 * Decides whether an earlier attempt of a plan was applied, from the answer to a later one whose comparison failed.
 * @param doubtful whether there may have been an earlier attempt
 */
export function judge(of: WriteTransaction, answer: TxnResponse, doubtful: boolean): PlanVerdict {
  const head = headOf(read(answer, 0));
  if (head.record.recent.includes(of.token)) return { outcome: 'applied', head };
  const value = of.made === undefined ? undefined : read(answer, 1);
  if (value !== undefined) {
    const ours = decodeValue(value.value).token === of.token;
    return { outcome: ours ? 'applied' : 'notApplied', head };
  }
  // While the head remembers every write since then, a missing token proves that the plan was not applied.
  const remembered = head.writes - of.base.writes <= RECENT_WRITES;
  return { outcome: remembered || !doubtful ? 'notApplied' : 'unknown', head };
}
