import { assertCommitFits } from '../../core/commit-size.js';
import { KvsError } from '../../core/errors.js';
import type { Commit } from '../../ports/engine.js';
import { Unanswered } from './etcd-client.js';
import type { Answered } from './etcd-client.js';
import { headKey, versionKey } from './layout.js';
import { decide, guardsHold } from '../plan.js';
import { HeadFacts, judge, planTransaction, transactionOf } from './transactions.js';
import { mayBeGone } from './expiry-marks.js';
import { OPERATIONS_MAX } from './limits.js';
import type { WriteTransaction } from './transactions.js';
import { headOf } from './records.js';
import type { StoredHead } from './records.js';
import { exists, get, read, unchanged } from './etcd-requests.js';
import { backoffMs } from '../../core/backoff.js';
import { TXN } from './etcd-messages.js';
import type { TxnRequest, TxnResponse } from './etcd-messages.js';
import { factsNow, unknown, writeError } from './writes.js';
import type { WritesOptions } from './writes.js';

type Heads = ReadonlyMap<string, StoredHead>;
type Facts = ReadonlyMap<string, HeadFacts>;

/**
 * Writes several keys as one step: the plans of single writes, made with one token against heads that were read
 * together, in one etcd transaction that compares all of those heads and those of the guards. However often it is
 * sent, it is applied at most once, and any one of the heads that it wrote tells whether it was.
 */
export class CommitTransactions {
  /** Tries since the start that lost to another writer. */
  conflicts = 0;

  constructor(private readonly options: WritesOptions) {}

  /** @throws KvsError SEM_MAIORIA: not applied, and never will be; RESULTADO_DESCONHECIDO; LIMITE_MEMORIA; PEDIDO_INVALIDO */
  async commit(change: Commit, deadline: number): Promise<boolean> {
    assertCommitFits(change);
    const { client, random, time, tuning } = this.options;
    let remembered = this.remembered(change);
    for (let lost = 0; ; lost++) {
      let facts = remembered && (await this.factsOf(change, remembered, deadline));
      let plans = facts && this.plan(change, facts);
      // Remembered heads may be enough to try, but never to conclude that there is nothing to do.
      if (facts === undefined || plans === undefined || plans.length === 0) {
        facts = await this.factsOf(change, await this.read(change, deadline), deadline);
        plans = this.plan(change, facts);
        if (plans === undefined) return false;
        if (plans.length === 0) return true;
      }
      if (await this.apply(change, plans, facts, deadline)) return true;
      remembered = undefined;
      this.conflicts++;
      if (time.monotonicMs() >= deadline) {
        throw new KvsError('SEM_MAIORIA', 'outros escrevem nas mesmas chaves sem parar; tente de novo');
      }
      if (lost > 0) {
        await client.sleep(backoffMs(lost - 1, tuning.conflictBaseMs, tuning.conflictCapMs, random.next()));
      }
    }
  }

  private remembered(change: Commit): Heads | undefined {
    const heads = new Map<string, StoredHead>();
    for (const key of keysOf(change)) {
      const head = this.options.cache.get(key);
      if (head === undefined) return undefined;
      heads.set(key, head);
    }
    return heads;
  }

  /** The heads of all keys at one moment. */
  private async read(change: Commit, deadline: number): Promise<Heads> {
    const keys = keysOf(change);
    const success = keys.map((key) => get(headKey(key), { local: false }));
    const request = { compare: [], success, failure: [] };
    const { response } = await this.options.reads.ask(request, { deadline, local: false });
    return new Map(
      keys.map((key, index) => {
        const head = headOf(read(response, index));
        this.options.cache.note(key, head);
        return [key, head];
      }),
    );
  }

  /** What is known of each key. Guards and removals depend on what has expired meanwhile. */
  private async factsOf({ guards, writes }: Commit, heads: Heads, deadline: number): Promise<Facts> {
    const removed = writes.filter(({ kind }) => kind === 'removeAll');
    const asked = new Set([...guards, ...removed].map(({ key }) => key));
    const facts = new Map<string, HeadFacts>();
    for (const [key, head] of heads) {
      const now = asked.has(key) ? await factsNow(this.options.reads, key, head, deadline) : undefined;
      facts.set(key, now ?? new HeadFacts(head));
    }
    return facts;
  }

  /** @returns `undefined` if a guard does not hold */
  private plan({ guards, writes }: Commit, known: Facts): readonly WriteTransaction[] | undefined {
    if (!guardsHold(guards, (key) => known.get(key)?.newest)) return undefined;
    const { newToken, time } = this.options;
    const token = newToken();
    const wallMs = time.wallMs();
    return writes.flatMap((write): WriteTransaction[] => {
      const facts = known.get(write.key) as HeadFacts;
      const step = decide(write, facts, wallMs);
      if (step.kind === 'nothing') return [];
      // A commit does not report previous values.
      return [{ ...planTransaction(write, step, facts, token), before: undefined }];
    });
  }

  /** Whether the plans were applied; if not, they never will be. */
  private async apply(
    change: Commit,
    plans: readonly WriteTransaction[],
    facts: Facts,
    deadline: number,
  ): Promise<boolean> {
    const { cache } = this.options;
    const { response, doubtful } = await this.send(transaction(change, plans, facts), deadline);
    if (response.succeeded) {
      for (const { key, base, next } of plans) {
        cache.note(key, { record: next, revision: response.header.revision, writes: base.writes + 1 });
      }
      return true;
    }
    let begin = 0;
    const verdicts = plans.map((plan) => {
      const end = begin + transactionOf(plan).failure.length;
      const answer = { ...response, responses: response.responses.slice(begin, end) };
      begin = end;
      const verdict = judge(plan, answer, doubtful);
      cache.note(plan.key, verdict.head);
      return verdict.outcome;
    });
    if (verdicts.includes('applied')) return true;
    // A commit is all or nothing, so one verdict holds for all plans.
    if (verdicts.includes('notApplied')) return false;
    throw unknown();
  }

  private async send(request: TxnRequest, deadline: number): Promise<Answered<TxnResponse>> {
    try {
      return await this.options.client.call(TXN, request, { deadline, local: false });
    } catch (thrown) {
      if (!(thrown instanceof Unanswered)) throw thrown;
      throw thrown.doubtful ? unknown(thrown) : writeError(thrown);
    }
  }
}

/** @throws KvsError PEDIDO_INVALIDO */
function transaction({ guards }: Commit, plans: readonly WriteTransaction[], facts: Facts): TxnRequest {
  const each = plans.map(transactionOf);
  const alive = new Map(
    plans.flatMap((plan) => plan.alive).map((place) => [place.toString('latin1'), place]),
  );
  for (const { key } of guards) {
    const { record } = (facts.get(key) as HeadFacts).base;
    if (record.last === undefined || !mayBeGone(record)) continue;
    const place = versionKey(key, record.last.version);
    alive.set(place.toString('latin1'), place);
  }
  const compare = [
    ...[...facts].map(([key, { base }]) => unchanged(headKey(key), base.revision)),
    ...[...alive.values()].map(exists),
  ];
  if (compare.length > OPERATIONS_MAX) {
    throw new KvsError('PEDIDO_INVALIDO', 'guardas demais sobre valores que expiram; divida o pedido');
  }
  return {
    compare,
    success: each.flatMap(({ success }) => success),
    failure: each.flatMap(({ failure }) => failure),
  };
}

function keysOf({ guards, writes }: Commit): readonly string[] {
  return [...new Set([...guards, ...writes].map(({ key }) => key))];
}
