import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import {
  contentOf,
  headKey,
  requestKey,
  timeKey,
  timesBelow,
  valueKey,
  valuesBelow,
  versionKey,
  versionsBelow,
} from './layout.js';
import { decodeValue, encodeHead, encodeValue, headOf, RECENT_WRITES } from './records.js';
import type { Place } from '../plan.js';
import type { StoredHead, HeadRecord } from './records.js';
import { absent, drop, dropRange, get, put, putFor, read, unchanged } from './etcd-requests.js';
import { decodeRequest, encodeRequest, requestRecord } from './request-record.js';
import type { RequestRecord } from './request-record.js';
import type { RequestOp, TxnRequest, TxnResponse } from './etcd-messages.js';

/**
 * One write, worked out against a head: a transaction that does everything if the head is still the same, and nothing
 * otherwise. Since each write changes the head, and heads are never removed, a plan is applied at most once however
 * often it is sent. Pure.
 */
export interface WriteTransaction {
  readonly key: string;
  readonly base: StoredHead;
  readonly next: HeadRecord;
  /** Names this plan; it ends in the head's recent tokens. */
  readonly token: string;
  readonly operations: readonly RequestOp[];
  /** A value that is read before the operations: what was newest. */
  readonly before: Place | undefined;
  /** The value that is put. */
  readonly made: Place | undefined;
  /** Where it is noted what became of the request, if the client may repeat it; nothing may be there yet. */
  readonly request?: Buffer | undefined;
}

/** A request that a client may repeat: its id, and the lease under which it is remembered. */
export interface Repeatable {
  readonly id: string;
  readonly lease: number;
}

/** The writer of a plan: its token, and the wall clock, ms since 1970. */
export interface Stamp {
  readonly token: string;
  readonly wallMs: number;
}

/**
 * A new version of a key. The timestamp is the wall clock's, or one more than the greatest of the key.
 * @param tellsBefore reads what was newest
 * @param request is noted with it, and must not have been noted before
 * @throws KvsError VERSAO_ESGOTADA
 */
export function planInsert(
  key: string,
  value: string,
  base: StoredHead,
  stamp: Stamp,
  tellsBefore: boolean,
  request?: Repeatable,
): WriteTransaction & { made: Place } {
  const { token, wallMs } = stamp;
  const { greatestVersion, greatestTimestamp, last } = base.record;
  const version = greatestVersion + 1;
  const timestamp = Math.max(Math.floor(wallMs), greatestTimestamp + 1);
  if (version > limits.version || timestamp > limits.timestampMs) {
    throw new KvsError(
      'VERSAO_ESGOTADA',
      `a chave já usou a maior versão possível (${limits.version}); use outra chave`,
    );
  }
  const made = { version, timestamp };
  const operations = [
    put(valueKey(key, timestamp), encodeValue(version, token, value)),
    put(versionKey(key, version), Buffer.from(String(timestamp))),
    put(timeKey(key, timestamp), Buffer.from(String(version))),
  ];
  const next = { greatestVersion: version, greatestTimestamp: timestamp, last: made };
  const before = tellsBefore ? last : undefined;
  if (request === undefined) return { ...plan(key, base, token, next, operations), before, made };
  const place = requestKey(request.id);
  const note = putFor(request.lease, place, encodeRequest(requestRecord(key, value, made)));
  return { ...plan(key, base, token, next, [...operations, note]), before, made, request: place };
}

/**
 * Without one version.
 * @param gone where it is
 * @param older the version before it, if there is one
 */
export function planRemoveVersion(
  key: string,
  base: StoredHead,
  gone: Place,
  older: Place | undefined,
  token: string,
): WriteTransaction {
  const operations = [
    drop(valueKey(key, gone.timestamp)),
    drop(versionKey(key, gone.version)),
    drop(timeKey(key, gone.timestamp)),
  ];
  const last = base.record.last?.version === gone.version ? older : base.record.last;
  return plan(key, base, token, { ...base.record, last }, operations);
}

/** Without any version; it tells what was newest. */
export function planRemoveAll(key: string, base: StoredHead, token: string): WriteTransaction {
  const operations = contentOf(key).map(dropRange);
  const next = { ...base.record, last: undefined };
  return { ...plan(key, base, token, next, operations), before: base.record.last };
}

/** Without any version but the newest, which it tells. */
export function planTrim(key: string, base: StoredHead, newest: Place, token: string): WriteTransaction {
  const operations = [
    dropRange(valuesBelow(key, newest.timestamp)),
    dropRange(versionsBelow(key, newest.version)),
    dropRange(timesBelow(key, newest.timestamp)),
  ];
  return { ...plan(key, base, token, base.record, operations), before: newest };
}

function plan(
  key: string,
  base: StoredHead,
  token: string,
  next: Omit<HeadRecord, 'recent'>,
  operations: readonly RequestOp[],
): WriteTransaction {
  const recent = [...base.record.recent, token].slice(-RECENT_WRITES);
  return { key, base, token, next: { ...next, recent }, operations, before: undefined, made: undefined };
}

/** The transaction of a plan. If it does not hold, it answers with what {@link judge} needs. */
export function transactionOf(of: WriteTransaction): TxnRequest {
  const { key, base, next, operations, before, request } = of;
  const now = { local: false };
  const place = headKey(key);
  const looks = before === undefined ? [] : [get(valueKey(key, before.timestamp), now)];
  return {
    compare: [unchanged(place, base.revision), ...(request === undefined ? [] : [absent(request)])],
    success: [...looks, ...operations, put(place, encodeHead(next))],
    failure: evidence(of),
  };
}

/** Changes nothing, and answers with what {@link judge} needs unless the head is still the same. */
export function inquiryOf(of: WriteTransaction): TxnRequest {
  const { key, base, request } = of;
  const compare = [
    unchanged(headKey(key), base.revision),
    ...(request === undefined ? [] : [absent(request)]),
  ];
  return { compare, success: [], failure: evidence(of) };
}

function evidence({ key, made, request }: WriteTransaction): readonly RequestOp[] {
  const now = { local: false };
  const looks = made === undefined ? [] : [get(valueKey(key, made.timestamp), now)];
  return [get(headKey(key), now), ...looks, ...(request === undefined ? [] : [get(request, now)])];
}

/** What became of the plan's request, from the answer to a plan whose comparison failed: in whichever attempt. */
export function requestIn({ request }: WriteTransaction, answer: TxnResponse): RequestRecord | undefined {
  const kv = request === undefined ? undefined : read(answer, answer.responses.length - 1);
  return kv && decodeRequest(kv.value);
}

/** What became of a plan whose comparison failed: applied by an earlier attempt, not applied and never will be, or lost. */
export type PlanVerdict = {
  readonly outcome: 'applied' | 'notApplied' | 'unknown';
  readonly head: StoredHead;
};

/**
 * Whether an earlier attempt of a plan was applied, from the answer of a later one whose comparison failed.
 * @param doubtful whether there was an earlier attempt at all
 */
export function judge(of: WriteTransaction, answer: TxnResponse, doubtful: boolean): PlanVerdict {
  const head = headOf(read(answer, 0));
  if (head.record.recent.includes(of.token)) return { outcome: 'applied', head };
  const value = of.made === undefined ? undefined : read(answer, 1);
  if (value !== undefined) {
    const ours = decodeValue(value.value).token === of.token;
    return { outcome: ours ? 'applied' : 'notApplied', head };
  }
  // As long as the head remembers every write since then, not being among them says it all.
  const remembered = head.writes - of.base.writes <= RECENT_WRITES;
  return { outcome: remembered || !doubtful ? 'notApplied' : 'unknown', head };
}
