import { SeededRandom } from '../support/sim-random.js';
import type { CallResult, CallTerms, CaosClient } from './client.js';
import type { CallOp, CallRecord, HistoryFile } from './history.js';
import type { Promises } from './promises.js';

/** A server as clients see it. */
export interface LoadTarget {
  readonly name: string;
  /** Of the latest incarnation. */
  readonly life: number;
  readonly client: CaosClient;
}

export interface LoadOptions {
  readonly targets: readonly LoadTarget[];
  readonly promises: Promises;
  readonly history: HistoryFile;
  readonly seed: number;
  readonly clients: number;
  /** Whether a server may die with the only copy of a write, and with it the sessions that saw it. */
  readonly losesSessions: boolean;
}

/** A key gives way to the next of its kind after so many calls: histories stay small enough to be judged. */
const CALLS_A_KEY = 120;
/** Keys of a kind that are in use at a time. */
const KEYS_AT_ONCE = 4;
/** A client waits so long between two calls, at most; longer after one that was not done. */
const THINK_MS = 40;
const PATIENCE_MS = 150;
const DEADLINE_MS = 2_000;
const ATTEMPTS_MAX = 4;
/** A session that servers have refused for so long, since they lack its writes, begins anew where those may be lost. */
const SESSION_AHEAD_MS = 20_000;

/** `sobe`: only grows. `troca`: removed from too. `compara`: compared and set too. `meu`: one client writes it. */
type KeyKind = 'sobe' | 'troca' | 'compara' | 'meu';

/** Concurrent clients that write down every call that they make. */
export class Load {
  /** Calls by outcome. */
  readonly counts = { ok: 0, failed: 0, unknown: 0 };
  /** Every key that was named. */
  readonly keys = new Set<string>();
  private readonly uses = new Map<string, { number: number; calls: number }>();
  private readonly clients: readonly CaosWorker[];
  private running: readonly Promise<void>[] = [];
  private last = 0;
  stopped = false;

  constructor(readonly options: LoadOptions) {
    this.clients = Array.from({ length: options.clients }, (_, index) => new CaosWorker(this, index));
  }

  start(): void {
    this.running = this.clients.map((client) => client.live());
  }

  /** Ends once every call has. @throws what a client came upon that is no outcome of a call */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running);
  }

  /** Once all is well: every session reads at every server. */
  async readLast(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.readLast()));
  }

  /** The present key of a kind, one of some; another one once it has served. */
  key(kind: KeyKind, owner: string, random: SeededRandom): string {
    const slot = `${kind}-${owner}${String(random.int(1, owner === '' ? KEYS_AT_ONCE : 2))}`;
    const use = this.uses.get(slot) ?? { number: 1, calls: 0 };
    this.uses.set(slot, use);
    if (++use.calls > CALLS_A_KEY) {
      use.number++;
      use.calls = 1;
    }
    return `${slot}-${String(use.number)}`;
  }

  /** Monotonic, ms, never the same twice. */
  now(): number {
    this.last = Math.max(performance.now(), this.last + 1e-3);
    return this.last;
  }

  note(record: CallRecord): void {
    this.counts[record.outcome]++;
    this.keys.add(record.key);
    this.options.history.add(record);
  }
}

interface Wanted {
  readonly op: CallOp;
  readonly key: string;
  readonly value?: string;
  readonly version?: number;
  readonly request?: string;
  readonly attempt?: number;
  readonly confirm?: number;
  readonly last?: true;
}

/** One client: one call at a time, at one server or another. */
class CaosWorker {
  private readonly name: string;
  private readonly random: SeededRandom;
  private readonly hasSession: boolean;
  private session = { number: 1, token: 'nova' };
  private aheadSinceMs: number | undefined;
  private written = 0;
  /** The latest version that this client was shown of a key. */
  private readonly shown = new Map<string, number>();

  constructor(
    private readonly load: Load,
    index: number,
  ) {
    this.name = `c${String(index + 1)}`;
    this.random = new SeededRandom(load.options.seed * 1_000 + index);
    this.hasSession = load.options.promises.sessions && index % 2 === 0;
  }

  async live(): Promise<void> {
    while (!this.load.stopped) {
      const outcome = await this.step();
      const pauseMs = outcome === 'failed' ? PATIENCE_MS : this.random.between(0, THINK_MS);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async readLast(): Promise<void> {
    if (!this.hasSession) return;
    const key = [...this.shown.keys()].at(-1);
    if (key === undefined) return;
    for (const target of this.load.options.targets) await this.call(target, { op: 'get', key, last: true });
  }

  private async step(): Promise<CallRecord['outcome']> {
    const { random } = this;
    const { compare } = this.load.options.promises;
    const kinds: KeyKind[] = ['sobe', 'troca', 'meu'];
    if (compare) kinds.push('compara');
    const kind = random.pick(kinds);
    const key = this.load.key(kind, kind === 'meu' ? `${this.name}-` : '', random);
    const dice = random.next();
    if (dice < 0.45) return this.insert(key);
    if (kind === 'compara' && dice < 0.65) return this.compare(key);
    if ((kind === 'troca' || kind === 'meu') && dice < 0.6) return this.remove(key);
    return (await this.call(this.anyone(), { op: 'get', key })).outcome;
  }

  /** With a request id until somebody says what became of it, at another server each time. */
  private async insert(key: string): Promise<CallRecord['outcome']> {
    const { promises } = this.load.options;
    const value = this.value();
    const request = promises.requestIds && this.random.chance(0.6) ? { request: requestId() } : {};
    const confirm = this.confirmation();
    let outcome: CallRecord['outcome'] = 'failed';
    let attempt = 1;
    for (let turn = 0; turn < ATTEMPTS_MAX; turn++) {
      const named = { ...request, ...(request.request !== undefined && { attempt }) };
      const result = await this.call(this.anyone(), { op: 'insert', key, value, ...named, ...confirm });
      if (result.outcome === 'ok') return 'ok';
      if (result.outcome === 'unknown') {
        outcome = 'unknown';
        attempt++;
      }
      // Without an id what may have been done is never repeated, and what was not need not be.
      if (request.request === undefined || this.load.stopped) return outcome;
      await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    }
    return outcome;
  }

  private async compare(key: string): Promise<CallRecord['outcome']> {
    const version = this.shown.get(key) ?? 0;
    const wanted = { op: 'compare' as const, key, version, value: this.value(), ...this.confirmation() };
    return (await this.call(this.anyone(), wanted)).outcome;
  }

  private async remove(key: string): Promise<CallRecord['outcome']> {
    const confirm = this.confirmation();
    const version = this.shown.get(key) ?? 0;
    if (version === 0 || this.random.chance(0.3)) {
      return (await this.call(this.anyone(), { op: 'remove', key, ...confirm })).outcome;
    }
    return (await this.call(this.anyone(), { op: 'removeVersion', key, version, ...confirm })).outcome;
  }

  private confirmation(): { readonly confirm?: number } {
    const { promises, targets } = this.load.options;
    if (!promises.confirmations || !this.random.chance(0.3)) return {};
    return { confirm: promises.losesUnconfirmed ? 1 : this.random.int(1, targets.length - 1) };
  }

  private value(): string {
    return `${this.name}.${String(++this.written)}`;
  }

  private anyone(): LoadTarget {
    return this.random.pick(this.load.options.targets);
  }

  private async call({ name, life, client }: LoadTarget, wanted: Wanted): Promise<CallResult> {
    const { key, op, value = '', version, request, attempt, confirm } = wanted;
    const terms: CallTerms = {
      deadlineMs: DEADLINE_MS,
      ...(this.hasSession && { session: this.session.token }),
      ...(request !== undefined && { request }),
      ...(attempt !== undefined && { attempt }),
      ...(confirm !== undefined && { confirm }),
    };
    const called = this.load.now();
    const result = await (op === 'insert'
      ? client.insert(key, value, terms)
      : op === 'get'
        ? client.get(key, terms)
        : op === 'compare'
          ? client.compare(key, version ?? 0, value, terms)
          : client.remove(key, version, terms));
    const returned = this.load.now();
    const { session, ...told } = result;
    this.load.note({
      kind: 'call',
      process: this.name,
      ...(this.hasSession && { session: this.session.number }),
      ...{ server: name, life, ...wanted, called, returned, ...told },
    });
    if (result.answer !== undefined && op !== 'remove' && op !== 'removeVersion')
      this.shown.set(key, result.answer.version);
    this.follow(session, result);
    return result;
  }

  private follow(session: string | undefined, { code, outcome }: CallResult): void {
    if (session !== undefined) this.session.token = session;
    if (code !== 'SESSAO_ADIANTE') {
      if (outcome === 'ok') this.aheadSinceMs = undefined;
      return;
    }
    if (!this.load.options.losesSessions) return;
    this.aheadSinceMs ??= performance.now();
    if (performance.now() - this.aheadSinceMs < SESSION_AHEAD_MS) return;
    this.session = { number: this.session.number + 1, token: 'nova' };
    this.aheadSinceMs = undefined;
  }
}

/** `<ms since 1970 in base 36>-<random>`, as the protocol wants it. */
function requestId(): string {
  const random = Array.from({ length: 4 }, () => Math.random().toString(36).slice(2, 8).padEnd(6, '0'));
  return `${Date.now().toString(36)}-${random.join('')}`;
}
