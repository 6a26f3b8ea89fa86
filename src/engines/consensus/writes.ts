import { begunMs, forgotten } from '../../core/attempt.js';
import type { Attempt } from '../../core/attempt.js';
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { Answers, Insert, KeyWrite, Row } from '../../ports/engine.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import { noSpace, stopping, Unanswered } from './etcd-client.js';
import type { Answered, EtcdCaller } from './etcd-client.js';
import type { HeadCache } from './head-cache.js';
import { headKey, requestKey, versionKey, versionsBelow } from './layout.js';
import type { Expired } from './expired.js';
import type { ExpiryLeases } from './expiry-leases.js';
import { mayBeGone } from './expiry-marks.js';
import { HeadFacts, inquiryOf, judge, planTransaction, requestIn, transactionOf } from './transactions.js';
import type { PutLeases, WriteTransaction } from './transactions.js';
import { Leases, LEASE_LOST } from './leases.js';
import { headOf, rowOf } from './records.js';
import { answerTo, decide, removedOf, tellsNewest } from '../plan.js';
import type { Place, Step } from '../plan.js';
import type { StoredHead } from './records.js';
import { placeOfVersion, present } from './reads.js';
import type { Reads } from './reads.js';
import { assertSame, decodeRequest } from './request-record.js';
import type { RequestRecord } from './request-record.js';
import { counted, first, get, read } from './etcd-requests.js';
import { backoffMs } from '../../core/backoff.js';
import type { ConsensusTuning } from './tuning.js';
import { Turns } from '../../core/turns.js';
import { TXN } from './etcd-messages.js';
import type { TxnResponse } from './etcd-messages.js';

export interface WritesOptions {
  readonly client: EtcdCaller;
  readonly cache: HeadCache;
  readonly reads: Reads;
  readonly expired: Expired;
  readonly expiryLeases: ExpiryLeases;
  readonly time: Time;
  readonly random: Random;
  readonly tuning: ConsensusTuning;
  readonly newToken: () => string;
}

/** The result of one try, or the present head if another writer was faster. */
type Try<T> = { readonly done: T } | { readonly conflict: StoredHead };

/** Performs writes: read, plan, let etcd compare and apply, and repeat if another writer was faster. */
export class Writes {
  /** Tries since the start that lost to another writer. */
  conflicts = 0;
  private readonly turns = new Turns();

  private readonly leases: Leases;

  constructor(private readonly options: WritesOptions) {
    const { client, time, random, tuning } = options;
    this.leases = new Leases(client, time, random, tuning.requestAgeMs);
  }

  /**
   * Performs a write and returns its answer.
   * @throws KvsError of the plan; SEM_MAIORIA, RESULTADO_DESCONHECIDO, LIMITE_MEMORIA, PEDIDO_REPETIDO
   */
  write(write: KeyWrite, deadline: number): Promise<Answers[KeyWrite['kind']]> {
    const insert = write.kind === 'insert' || write.kind === 'put' ? write : undefined;
    const attempt = insert?.attempt;
    return this.repeat<Answers[KeyWrite['kind']]>(write.key, deadline, async (known) => {
      const again = (record: RequestRecord) => this.again(record, write as Insert, deadline);
      const old = attempt && (await this.oldRecord(attempt, deadline));
      if (old) return { done: await again(old) };
      // Before the leases are taken: a value lives from now on, and its lease outlasts it.
      const wallMs = this.options.time.wallMs();
      const leases = await this.takeLeases(write, deadline);
      const { facts, step } = await this.decide(write, known, wallMs, deadline);
      if (step.kind === 'nothing') return { done: answerTo(write, step, undefined) };
      const value = await this.addedValue(write, facts, deadline);
      // What was to be renewed has gone since: what there is now is another.
      if (step.kind === 'add' && value === undefined)
        return { conflict: await this.options.reads.head(write.key, deadline) };
      const plan = planTransaction(write, step, facts, this.options.newToken(), leases, value);
      const result = (newest: Row | undefined, there: number) =>
        answerTo(write, step, newest, removedOf(there, step.kind === 'removeVersion' ? 1 : undefined));
      return this.commit(plan, deadline, result, again);
    });
  }

  /** The value that a write adds; `undefined` if it adds none, or if the one to be renewed is not there any more. */
  private async addedValue(write: KeyWrite, facts: HeadFacts, deadline: number): Promise<string | undefined> {
    if (write.kind !== 'renew') return 'value' in write ? write.value : undefined;
    // A place is used once, so the value is still that of the head if the head is unchanged when it is added.
    const { newest } = facts;
    return newest && (await this.options.reads.valueNow(write.key, newest, deadline))?.value;
  }

  /** Decides what a write does, from what is known of its key. */
  private async decide(
    write: KeyWrite,
    known: StoredHead | undefined,
    wallMs: number,
    deadline: number,
  ): Promise<{ readonly facts: HeadFacts; readonly step: Step }> {
    const { reads } = this.options;
    const decided = (facts: HeadFacts) => ({ facts, step: decide(write, facts, wallMs) });
    if (write.kind === 'remove' && write.version !== undefined) {
      return decided(await this.lookUp(write.key, write.version, deadline));
    }
    // An insert adds whatever is there.
    const factsOf = async (head: StoredHead): Promise<HeadFacts> => {
      if (write.kind === 'insert') return new HeadFacts(head);
      if (write.kind === 'remove') await this.sweep(write.key, head, deadline);
      return factsNow(reads, write.key, head, deadline);
    };
    if (known !== undefined) {
      const facts = await factsOf(known);
      try {
        // A remembered head may be enough to try, but never to conclude that there is nothing to do, or to refuse.
        const tried = decided(facts);
        if (tried.step.kind !== 'nothing') return tried;
      } catch (error) {
        if (!(error instanceof KvsError)) throw error;
      }
    }
    return decided(await factsOf(await reads.head(write.key, deadline)));
  }

  /** Removes what has expired of a key before its versions are counted. Keys without times to live wait for nothing. */
  private async sweep(key: string, { record }: StoredHead, deadline: number): Promise<void> {
    if (record.expiry !== undefined) await this.options.reads.removeExpired(key, deadline);
  }

  /** The answer to a request done in an earlier attempt. The value before it is included if it still exists. */
  private async again(
    record: RequestRecord,
    insert: Insert,
    deadline: number,
  ): Promise<Answers[KeyWrite['kind']]> {
    const { key, value } = insert;
    assertSame(record, key, value);
    const { version, timestamp, expiresAt } = record;
    const { reads } = this.options;
    const previous = tellsNewest(insert) ? await reads.upToTime(key, timestamp - 1, deadline) : undefined;
    return answerTo(insert, { kind: 'add', version, timestamp, expiresAt }, previous);
  }

  /**
   * The record of an old repeated attempt. Such a record may expire at any moment, so the answer comes from the one
   * that was read, and nothing is written.
   * @returns `undefined` if it is the first attempt, or young enough that its record is there if there ever was one
   * @throws KvsError RESULTADO_DESCONHECIDO if it is too old to be sure of, and there is no record
   */
  private async oldRecord({ id, number }: Attempt, deadline: number): Promise<RequestRecord | undefined> {
    const { reads, time, tuning } = this.options;
    const oldestMs = time.wallMs() - tuning.requestAgeMs + tuning.requestSkewMs;
    if (number === 1 || begunMs(id) > oldestMs) return undefined;
    const success = [get(requestKey(id), { local: false })];
    const { response } = await reads.ask({ compare: [], success, failure: [] }, { deadline, local: false });
    const kv = read(response, 0);
    if (kv === undefined) throw forgotten();
    return decodeRequest(kv.value);
  }

  private async takeLeases(write: KeyWrite, deadline: number): Promise<PutLeases> {
    const attempt = 'attempt' in write ? write.attempt : undefined;
    const ttlMs = 'ttlMs' in write ? write.ttlMs : undefined;
    try {
      const request = attempt && { id: attempt.id, lease: await this.leases.lasting(deadline) };
      if (ttlMs === undefined) return { request };
      return { request, value: await this.options.expiryLeases.outlasting(ttlMs, deadline) };
    } catch (error) {
      throw error instanceof Unanswered ? writeError(error) : error;
    }
  }

  /** Reads a version, the one before it, and the head, all at one moment. */
  private async lookUp(key: string, named: number, deadline: number): Promise<HeadFacts> {
    // A version that no insert can have made is looked up as version 0, which no key has.
    const version = Number.isInteger(named) && named >= 1 && named <= limits.version ? named : 0;
    const now = { local: false };
    const success = [
      get(headKey(key), now),
      get(versionKey(key, version), now),
      first(versionsBelow(key, version), now),
    ];
    const request = { compare: [], success, failure: [] };
    const { reads, expired } = this.options;
    const { response } = await reads.ask(request, { deadline, local: false });
    const head = headOf(read(response, 0));
    await this.sweep(key, head, deadline);
    const [found, older] = [read(response, 1), read(response, 2)].map((kv) => kv && placeOfVersion(kv));
    const isOver = found !== undefined && expired.isOver(found);
    if (isOver) await expired.remove([{ key, ...found }], deadline);
    return factsNow(reads, key, head, deadline, isOver ? undefined : found, older);
  }

  /** Repeats until no other writer was faster. */
  private repeat<T>(
    key: string,
    deadline: number,
    attempt: (known: StoredHead | undefined) => Promise<Try<T>>,
  ): Promise<T> {
    const { cache, client, random, time, tuning } = this.options;
    return this.turns.run(key, async () => {
      let known = cache.get(key);
      for (let lost = 0; ; lost++) {
        const tried = await attempt(known);
        if ('done' in tried) return tried.done;
        known = tried.conflict;
        this.conflicts++;
        if (time.monotonicMs() >= deadline) {
          throw new KvsError('SEM_MAIORIA', 'outros escrevem na mesma chave sem parar; tente de novo');
        }
        // The first conflict only means that the remembered head was stale.
        if (lost > 0) {
          await client.sleep(backoffMs(lost - 1, tuning.conflictBaseMs, tuning.conflictCapMs, random.next()));
        }
      }
    });
  }

  /**
   * Sends a plan until its outcome is known.
   * @param result makes the answer from the previous newest row, and how many versions there were, if the plan asks
   * @param again makes the answer from the record of the plan's request, of an earlier attempt or of this one
   * @throws KvsError SEM_MAIORIA: not applied, and never will be; RESULTADO_DESCONHECIDO; LIMITE_MEMORIA
   */
  private async commit<T>(
    plan: WriteTransaction,
    deadline: number,
    result: (before: Row | undefined, there: number) => T,
    again?: (record: RequestRecord) => Promise<T>,
  ): Promise<Try<T>> {
    const { cache } = this.options;
    const sent = await this.send(plan, deadline);
    if (sent === undefined) return { conflict: plan.base };
    const { response, doubtful } = sent;
    if (response.succeeded) {
      const { base, before, counts, key, next } = plan;
      cache.note(key, { record: next, revision: response.header.revision, writes: base.writes + 1 });
      const there = counts === true ? counted(response, 0) : 0;
      if (before === undefined) return { done: result(undefined, there) };
      const row = rowOf(key, before.timestamp, read(response, 0));
      return { done: result(mayBeGone(base.record) ? row : present(row, key, before), there) };
    }
    const done = requestIn(plan, response);
    if (done && again) return { done: await again(done) };
    const { outcome, head } = judge(plan, response, doubtful);
    cache.note(plan.key, head);
    if (outcome === 'unknown') throw unknown();
    if (outcome === 'notApplied') return { conflict: head };
    const { row, there } = await this.lostAnswer(plan, head, deadline);
    return { done: result(row, there) };
  }

  /** What a plan that was applied would have told, had its answer not been lost. @param head as it is now */
  private async lostAnswer(
    { key, base, before, counts, token }: WriteTransaction,
    { record, revision: written }: StoredHead,
    deadline: number,
  ): Promise<{ readonly row: Row | undefined; readonly there: number }> {
    const { reads } = this.options;
    // This key did not change between its head's last write and the plan, but for what has expired.
    const revision = record.recent.at(-1) === token ? written - 1 : base.revision;
    try {
      const there = counts === true ? await reads.versionsAt(key, revision, deadline) : 0;
      return { row: before && (await reads.value(key, before, { revision }, deadline)), there };
    } catch (cause) {
      throw unknown(cause);
    }
  }

  /**
   * The answer to a plan's transaction, or to an inquiry if the replicas are full but may have applied an earlier
   * attempt.
   * @returns `undefined` if a lease was lost: the plan was not applied, and needs another
   */
  private async send(plan: WriteTransaction, deadline: number): Promise<Answered<TxnResponse> | undefined> {
    const { client } = this.options;
    try {
      return await client.call(TXN, transactionOf(plan), { deadline, local: false });
    } catch (thrown) {
      if (!(thrown instanceof Unanswered)) throw thrown;
      if (thrown.message.includes(LEASE_LOST)) {
        this.leases.forget();
        this.options.expiryLeases.forget();
        if (!thrown.doubtful) return undefined;
      }
      if (!thrown.doubtful) throw writeError(thrown);
      if (thrown.meaning !== 'full') throw unknown(thrown);
    }
    const answer = await client
      .call(TXN, inquiryOf(plan), { deadline, local: false })
      .catch((cause: unknown) => {
        throw unknown(cause);
      });
    // The head is unchanged: an earlier attempt may still be in flight.
    if (answer.response.succeeded) throw unknown();
    return { ...answer, doubtful: true };
  }
}

/** What is known of a key now, from a head: without its newest version if that has expired. */
export async function factsNow(
  reads: Reads,
  key: string,
  head: StoredHead,
  deadline: number,
  named?: Place,
  older?: Place,
): Promise<HeadFacts> {
  // The common case of keys that have no version with a time to live waits for nothing.
  if (head.record.expiry === undefined) return new HeadFacts(head, named, older);
  const current = await reads.current(key, head, deadline);
  const hidden = current.record.last === undefined && (await reads.hasAny(key, deadline));
  return new HeadFacts(current, named, older, hidden);
}

/** The error of a write that is known not to have been applied. */
export function writeError(cause: Unanswered): KvsError {
  switch (cause.meaning) {
    case 'stopped':
      return stopping();
    case 'full':
      return noSpace(cause);
    case 'refused':
    case 'compacted':
      return new KvsError('INTERNO', `as réplicas recusaram a escrita: ${cause.message}`, { cause });
    default:
      return new KvsError(
        'SEM_MAIORIA',
        'as réplicas não responderam a tempo com maioria; nada foi gravado, tente de novo quando voltarem',
        { cause },
      );
  }
}

/** The error of a write that may have been applied or not. */
export function unknown(cause?: unknown): KvsError {
  return new KvsError(
    'RESULTADO_DESCONHECIDO',
    'a escrita foi enviada às réplicas e a resposta não veio a tempo: pode ter sido feita ou não; consulte antes de repetir',
    { cause },
  );
}
