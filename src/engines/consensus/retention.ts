import type { RetentionBound } from '../../core/retention.js';
import type { BeyondPage, BoundOf, WalkPlace } from '../../ports/retention.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { EtcdCaller } from './etcd-client.js';
import { TXN } from './etcd-messages.js';
import type { RequestOp, TxnResponse } from './etcd-messages.js';
import { countOf, dropRange, firstPlaces, get, putFor, read, unchanged } from './etcd-requests.js';
import {
  after,
  ALL_HEADS,
  headKey,
  isPlaceOfValue,
  keyOfHead,
  placeOfValue,
  RETENTION_CLAIM,
  timeKey,
  timesUpTo,
  valueKey,
  valuesOf,
  versionKey,
  versionsUpTo,
} from './layout.js';
import type { Expired, ExpiringPlace } from './expired.js';
import { grantLease } from './leases.js';
import { consensusLimits } from './limits.js';
import { pageOf } from './pages.js';
import { decodeIndex, headOf, ourHead, RECENT_WRITES } from './records.js';
import type { StoredHead } from './records.js';
import { transactionOf } from './transactions.js';

interface RetentionDeps {
  readonly client: EtcdCaller;
  readonly time: Time;
  readonly random: Random;
  readonly newToken: () => string;
  readonly expired: Expired;
  /** Deadline for a request sent now. */
  readonly deadline: () => number;
}

/** The oldest values of a key, and how many it has. */
interface Oldest {
  readonly count: number;
  /** Ascending. */
  readonly timestamps: readonly number[];
}

/**
 * Removes what is beyond a retention from the replicas: a range of the oldest versions of a key in one transaction, on
 * condition that its head is as it was when that was decided. Versions and timestamps of this engine are in one order.
 *
 * Of several servers one does it: the one that holds a claim which expires unless it is renewed.
 */
export class ReplicaRetention {
  /** Revision of this server's last put of the claim; 0: it has none. */
  private claimed = 0;
  /** What the claim says when it is this server's. */
  private readonly name: Buffer;

  constructor(private readonly deps: RetentionDeps) {
    this.name = Buffer.from(deps.newToken());
  }

  /** Takes the claim if nobody has it, or renews it. @throws Unanswered */
  async claim(): Promise<boolean> {
    const { client, random, deadline } = this.deps;
    if (this.claimed === 0) {
      const known = await this.ask({
        compare: [],
        success: [get(RETENTION_CLAIM, { local: false })],
        failure: [],
      });
      if (read(known, 0) !== undefined) return false;
    }
    const lease = await grantLease(client, random, consensusLimits.claimSeconds, deadline());
    const answer = await this.ask({
      compare: [unchanged(RETENTION_CLAIM, this.claimed)],
      success: [putFor(lease, RETENTION_CLAIM, this.name)],
      failure: [get(RETENTION_CLAIM, { local: false })],
    });
    // Another call of this server was faster, or the answer to an earlier attempt got lost: it is its claim all the same.
    const found = answer.succeeded ? undefined : read(answer, 0);
    const isOurs = answer.succeeded || found?.value.equals(this.name) === true;
    this.claimed = isOurs ? (found?.mod_revision ?? answer.header.revision) : 0;
    return isOurs;
  }

  /** @param from the last key of the page before */
  async beyondFrom(from: WalkPlace | undefined, boundOf: BoundOf): Promise<BeyondPage> {
    const { client, time, deadline } = this.deps;
    const range = { ...ALL_HEADS, ...(typeof from === 'string' ? { key: after(headKey(from)) } : {}) };
    const options = { deadline: deadline(), local: false };
    const { response } = await pageOf(client, range, consensusLimits.retentionHeads, options);
    const bounded = response.kvs.flatMap((kv) => {
      const key = keyOfHead(kv.key);
      const bound = (ourHead(kv)?.record.greatestVersion ?? 0) > 1 ? boundOf(key) : undefined;
      return bound === undefined ? [] : [{ key, bound }];
    });
    const last = response.kvs.at(-1);
    const next = response.more && last !== undefined ? keyOfHead(last.key) : undefined;
    if (bounded.length === 0) return { keys: [], next };
    const answer = await this.ask({
      ...{ compare: [], failure: [] },
      success: bounded.flatMap(({ key }) => oldestOf(key, 1)),
    });
    const nowMs = time.wallMs();
    const keys = bounded.flatMap(({ key, bound }, i) =>
      goneOf(oldestIn(answer, 2 * i), bound, nowMs).length > 0 ? [key] : [],
    );
    return { keys, next };
  }

  /** @returns how many versions it removed; 0 also if the key was written meanwhile: the next walk comes back */
  async retain(key: string, bound: RetentionBound, most: number): Promise<number> {
    const { time, newToken } = this.deps;
    const success = [get(headKey(key), { local: false }), ...oldestOf(key, most)];
    const answer = await this.ask({ compare: [], success, failure: [] });
    const base = headOf(read(answer, 0));
    // What has expired does not count: who would count it might remove one version too many.
    const over = await this.overdue(key, base);
    if (over.length > 0) {
      const isGone = await this.deps.expired.remove(over, this.deps.deadline());
      return isGone ? this.retain(key, bound, most) : 0;
    }
    const gone = goneOf(oldestIn(answer, 1), bound, time.wallMs(), base);
    const last = gone.at(-1);
    if (last === undefined) return 0;
    const index = read(
      await this.ask({ compare: [], success: [get(timeKey(key, last), { local: false })], failure: [] }),
      0,
    );
    const { record } = base;
    const token = newToken();
    const operations = [
      dropRange({ key: valuesOf(key).key, range_end: after(valueKey(key, last)) }),
      dropRange(timesUpTo(key, last)),
      ...(index === undefined ? [] : [dropRange(versionsUpTo(key, decodeIndex(index).other))]),
    ];
    // Nothing is left before what goes, so that a mark of an expiry that goes with it hides nothing.
    const next = { ...record, recent: [...record.recent, token].slice(-RECENT_WRITES) };
    const plan = { key, base, next, token, operations, before: undefined, made: undefined, alive: [] };
    const { succeeded } = await this.ask(transactionOf(plan));
    return succeeded ? gone.length : 0;
  }

  /** The versions of a key that have expired and are still in the replicas. */
  private async overdue(key: string, { record }: StoredHead): Promise<ExpiringPlace[]> {
    const versions = record.expiry?.versions ?? [];
    if (versions.length === 0) return [];
    const success = versions.map((version) => get(versionKey(key, version), { local: false }));
    const answer = await this.ask({ compare: [], success, failure: [] });
    return versions.flatMap((version, i): ExpiringPlace[] => {
      const entry = read(answer, i);
      if (entry === undefined) return [];
      const { other: timestamp, expiresAt } = decodeIndex(entry);
      return this.deps.expired.isOver({ expiresAt }) ? [{ key, version, timestamp, expiresAt }] : [];
    });
  }

  private async ask(request: Parameters<typeof TXN.requestSerialize>[0]): Promise<TxnResponse> {
    const options = { deadline: this.deps.deadline(), local: false };
    return (await this.deps.client.call(TXN, request, options)).response;
  }
}

/** Two operations: how many values a key has, and the places of the oldest. */
function oldestOf(key: string, most: number): readonly RequestOp[] {
  return [countOf(valuesOf(key)), firstPlaces(valuesOf(key), most)];
}

/** The answer to {@link oldestOf}, from the operation number `at` on. */
function oldestIn({ responses }: TxnResponse, at: number): Oldest {
  const places = responses[at + 1]?.response_range?.kvs.map(({ key }) => key) ?? [];
  const timestamps = places.filter(isPlaceOfValue).map((place) => placeOfValue(place).timestamp);
  return { count: responses[at]?.response_range?.count ?? 0, timestamps };
}

/** The timestamps of the values that go: never the newest, and never the only one. */
function goneOf(
  { count: values, timestamps }: Oldest,
  { versions = Infinity, ageMs = Infinity }: RetentionBound,
  nowMs: number,
  head?: StoredHead,
): readonly number[] {
  const newest = head?.record.last?.timestamp ?? Infinity;
  const isGone = (timestamp: number, i: number): boolean =>
    i < values - 1 && timestamp < newest && (i < values - versions || timestamp < nowMs - ageMs);
  const end = timestamps.findIndex((timestamp, i) => !isGone(timestamp, i));
  return end < 0 ? timestamps : timestamps.slice(0, end);
}
