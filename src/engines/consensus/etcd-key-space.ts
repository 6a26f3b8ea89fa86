import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { answerAbove, requestBelow } from './below.js';
import { Unanswered } from './etcd-client.js';
import type { Answered, EtcdCaller, CallOptions, EtcdClient } from './etcd-client.js';
import { after, ALL_HEADS } from './layout.js';
import { consensusLimits } from './limits.js';
import { pageOf } from './pages.js';
import { ourHead } from './records.js';
import { absent, get, put, read, unchanged, untouched } from './etcd-requests.js';
import {
  BARE,
  decodeFormat,
  encodeStoreFormat,
  expiringFormat,
  STORE_FORMAT_KEY,
  PREFIXED,
} from './store-format.js';
import type { StoreFormat } from './store-format.js';
import type { ConsensusTuning } from './tuning.js';
import { TXN } from './etcd-messages.js';
import type { Header, Method, RangeResponse } from './etcd-messages.js';

/** How far the search for heads of older versions has come, at one revision. */
interface Search {
  readonly revision: number;
  readonly from: Buffer;
}

/**
 * The store's part of an etcd that others may use too. At the first contact it finds out the format of the store, or
 * creates the store. If no format is recorded, heads without a prefix mean that a store of an older version
 * continues; otherwise a new store is created below a prefix. Servers that start at once agree, since only one of
 * them puts the record.
 */
export class EtcdKeySpace implements EtcdCaller {
  /** What every key of ours begins with. */
  private chosen: Buffer | undefined;
  private choosing: Promise<Buffer> | undefined;
  private search: Search | undefined;
  private told = false;
  /** Whether the record says that values may expire. */
  private expires = false;

  constructor(
    private readonly client: EtcdClient,
    private readonly time: Time,
    private readonly tuning: Pick<ConsensusTuning, 'pageHeads'>,
    private readonly logger: Logger,
  ) {}

  /**
   * As {@link EtcdClient.call}, with keys as layout.ts has them.
   * @throws Unanswered
   * @throws KvsError DADOS_INVALIDOS if the store lies in a format that this program does not know
   */
  async call<Req, Res extends { readonly header: Header }>(
    method: Method<Req, Res>,
    request: Req,
    options: CallOptions,
  ): Promise<Answered<Res>> {
    const prefix = this.chosen ?? (await this.find(options));
    if (prefix.length === 0) return this.client.call(method, request, options);
    const { path } = method;
    const answer = await this.client.call(method, requestBelow(prefix, path, request), options);
    return { ...answer, response: answerAbove(prefix, path, answer.response) };
  }

  sleep(delayMs: number): Promise<void> {
    return this.client.sleep(delayMs);
  }

  /**
   * The prefix of every key of the store.
   * @param deadline moment of the monotonic clock
   * @throws as {@link call}
   */
  async prefix(deadline: number): Promise<Buffer> {
    return this.chosen ?? (await this.find({ deadline, local: false }));
  }

  /**
   * Records that values of the store may expire, if that is not recorded yet. Programs that know nothing of it refuse
   * the store from then on when they start.
   * @param deadline moment of the monotonic clock
   * @throws as {@link call}
   */
  async admitExpiry(deadline: number): Promise<void> {
    await this.prefix(deadline);
    try {
      while (!this.expires) await this.raiseFormat(deadline);
    } catch (thrown) {
      throw thrown instanceof Unanswered ? nothingSent(thrown) : thrown;
    }
  }

  private async raiseFormat(deadline: number): Promise<void> {
    const options = { deadline, local: false };
    const look = { compare: [], success: [get(STORE_FORMAT_KEY, { local: false })], failure: [] };
    const { response } = await this.client.call(TXN, look, options);
    const record = read(response, 0);
    const format = record === undefined ? BARE : decodeFormat(record.value);
    const next = expiringFormat(format);
    if (format === next) {
      this.expires = true;
      return;
    }
    const compare = [unchanged(STORE_FORMAT_KEY, record?.mod_revision ?? 0)];
    const success = [put(STORE_FORMAT_KEY, encodeStoreFormat(next))];
    await this.client.call(TXN, { compare, success, failure: [] }, options);
    this.logger.info(
      { formato: next.number, prefixo: next.prefix },
      'valores que expiram: formato novo nas réplicas',
    );
  }

  private async find({ deadline, local }: CallOptions): Promise<Buffer> {
    try {
      const own = local ? await this.ofOwnState(deadline) : undefined;
      return own ?? (await this.settled(deadline));
    } catch (thrown) {
      if (thrown instanceof Unanswered) throw nothingSent(thrown);
      this.tellOnce(thrown);
      throw thrown;
    }
  }

  /**
   * The prefix by a member's own state, which may be stale but not wrong: a record is permanent, and so are heads
   * where there is no record yet.
   */
  private async ofOwnState(deadline: number): Promise<Buffer | undefined> {
    const options = { deadline, local: true };
    const success = [get(STORE_FORMAT_KEY, { local: true })];
    const { response } = await this.client.call(TXN, { compare: [], success, failure: [] }, options);
    const record = read(response, 0);
    if (record !== undefined) return this.adopt(decodeFormat(record.value));
    const request = { ...ALL_HEADS, serializable: true };
    const page = await pageOf(this.client, request, this.tuning.pageHeads, options);
    // Valid for this call only: a call that reaches the majority records it.
    return hasHead(page.response) ? prefixOf(BARE) : undefined;
  }

  /** Shared by all concurrent callers; each waits no longer than its own deadline. */
  private async settled(deadline: number): Promise<Buffer> {
    for (;;) {
      const asked = (this.choosing ??= this.settle(deadline));
      try {
        return await asked;
      } catch (thrown) {
        // The caller that started it may have had less time left.
        const isLate = thrown instanceof Unanswered && LATE.has(thrown.meaning);
        if (!isLate || this.time.monotonicMs() >= deadline) throw thrown;
      } finally {
        if (this.choosing === asked) this.choosing = undefined;
      }
    }
  }

  private async settle(deadline: number): Promise<Buffer> {
    const options = { deadline, local: false };
    for (let lost = 0; ; lost++) {
      const record = await this.recorded(deadline);
      if (record !== undefined) return this.adopt(record);
      const { revision, found } = await this.searchHeads(deadline);
      const format = found ? BARE : PREFIXED;
      // Heads are never removed, but new ones may appear: there must still be none when the record is put.
      const still = found || lost >= consensusLimits.lostRaces ? [] : [untouched(ALL_HEADS, revision)];
      const compare = [absent(STORE_FORMAT_KEY), ...still];
      const success = [put(STORE_FORMAT_KEY, encodeStoreFormat(format))];
      try {
        const { response } = await this.client.call(TXN, { compare, success, failure: [] }, options);
        if (!response.succeeded) continue;
      } catch (thrown) {
        // An existing store remains usable when the replicas are full: its format is recorded when there is room.
        if (!found || !(thrown instanceof Unanswered) || thrown.meaning !== 'full') throw thrown;
      }
      const { number, prefix } = format;
      this.logger.info({ formato: number, prefixo: prefix }, 'formato registrado nas réplicas');
      return this.choose(format);
    }
  }

  /** Uses a format that was recorded before. */
  private adopt(format: StoreFormat): Buffer {
    if (format.number === 3) this.expires = true;
    if (format.prefix === PREFIXED.prefix && this.chosen === undefined) void this.lookForStrays();
    return this.choose(format);
  }

  private choose(format: StoreFormat): Buffer {
    return (this.chosen = prefixOf(format));
  }

  private async recorded(deadline: number): Promise<StoreFormat | undefined> {
    const success = [get(STORE_FORMAT_KEY, { local: false })];
    const request = { compare: [], success, failure: [] };
    const { response } = await this.client.call(TXN, request, { deadline, local: false });
    const record = read(response, 0);
    return record && decodeFormat(record.value);
  }

  /** Whether there are heads without a prefix at a revision. If a call runs out of time, the next one continues. */
  private async searchHeads(deadline: number): Promise<{ revision: number; found: boolean }> {
    for (;;) {
      const { revision, from } = this.search ?? { revision: 0, from: ALL_HEADS.key };
      const local = revision > 0;
      const request = { ...ALL_HEADS, key: from, revision, serializable: local };
      const { pageHeads } = this.tuning;
      const page = await pageOf(this.client, request, pageHeads, { deadline, local }).catch(
        (thrown: unknown) => {
          // The revision may be compacted: the next search starts over.
          if (thrown instanceof Unanswered && thrown.meaning === 'compacted') this.search = undefined;
          throw thrown;
        },
      );
      const { kvs, more, header } = page.response;
      const at = revision > 0 ? revision : header.revision;
      const last = kvs.at(-1);
      const found = hasHead(page.response);
      if (found || !more || last === undefined) {
        this.search = undefined;
        return { revision: at, found };
      }
      this.search = { revision: at, from: after(last.key) };
    }
  }

  /** Warns if a server of an older version works beside a store that it does not see. */
  private async lookForStrays(): Promise<void> {
    const options = () => ({ deadline: this.time.monotonicMs() + STRAYS_MS, local: true });
    try {
      let from = ALL_HEADS.key;
      for (let seen = 0; seen < consensusLimits.strayHeads;) {
        const request = { ...ALL_HEADS, key: from, serializable: true };
        const { response } = await pageOf(this.client, request, this.tuning.pageHeads, options());
        if (hasHead(response)) {
          this.logger.warn(
            { prefixo: PREFIXED.prefix },
            'um servidor de uma versão antiga gravou nestas réplicas fora do prefixo: o que ele grava os outros não veem, ' +
              'e ele não vê o que gravam; troque-o por um desta versão',
          );
          return;
        }
        const last = response.kvs.at(-1);
        if (!response.more || last === undefined) return;
        seen += response.kvs.length;
        from = after(last.key);
      }
    } catch (thrown) {
      this.logger.debug({ motivo: String(thrown) }, 'sem procurar o que versões antigas gravaram');
    }
  }

  private tellOnce(thrown: unknown): void {
    if (this.told) return;
    this.told = true;
    this.logger.error({ motivo: String(thrown) }, 'as réplicas não podem ser usadas');
  }
}

/** Meanings of a call that ran out of time. */
const LATE: ReadonlySet<Unanswered['meaning']> = new Set(['notApplied', 'ambiguous', 'leaderless'] as const);

/** Time for a page of the search for strays, ms: nobody waits for it. */
const STRAYS_MS = 5_000;

function prefixOf({ prefix }: StoreFormat): Buffer {
  return Buffer.from(prefix);
}

function hasHead({ kvs }: RangeResponse): boolean {
  return kvs.some((kv) => ourHead(kv) !== undefined);
}

/** The request that waited for the format was never sent, even if the outcome of recording it is unknown. */
function nothingSent({ meaning, message }: Unanswered): Unanswered {
  return new Unanswered(meaning === 'ambiguous' ? 'notApplied' : meaning, false, message);
}
