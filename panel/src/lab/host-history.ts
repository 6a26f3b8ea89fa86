import type { HostState, RecordedEvent, RecordedHost } from '../../../src/laboratory/recording.js';
import { lowerBound } from './lower-bound.js';

/** What a host was for a time. `down`: killed, ended, or not started yet; `joining`: started and not yet serving. */
export interface Spell {
  readonly host: string;
  readonly what: 'down' | 'joining' | 'isolated' | 'clock' | 'loss' | 'leads' | 'hosts';
  readonly from: number;
  /** Absent while it lasts. */
  to?: number;
  /** Of `clock`, ms; of `loss`, 0 … 1. */
  readonly amount?: number;
}

/** Whether the servers that run hold the same, from `t` on. */
interface Agreement {
  readonly t: number;
  readonly n: number;
  readonly is: 'equal' | 'different' | 'unknown';
}

/** A state as people tell it apart: equal letters, equal contents. */
interface LetteredState {
  readonly letter: string;
  /** 0, 1, 2, … in the order in which the contents appeared. */
  readonly index: number;
}

/** What happened to hosts over time: faults, starts, ends, what they hold. */
export class HostHistory {
  readonly spells: Spell[] = [];
  readonly agreements: Agreement[] = [];
  private readonly open = new Map<string, Spell>();
  private readonly states = new Map<string, HostState>();
  /** By host, in the order of time: what it held from then on, or nothing. */
  private readonly told = new Map<string, { readonly t: number; readonly state: HostState | undefined }[]>();
  private readonly down = new Set<string>();
  private readonly letters = new Map<string, LetteredState>();
  private readonly servers: ReadonlySet<string>;

  constructor(hosts: readonly RecordedHost[]) {
    this.servers = new Set(hosts.filter(({ kind }) => kind === 'server').map(({ id }) => id));
  }

  add(event: RecordedEvent): void {
    if (event.kind === 'state') {
      this.letter(event.storeHash);
      this.states.set(event.host, event);
      this.tell(event.host, event.t, event);
      this.agree(event.t, event.n);
      return;
    }
    if (event.kind !== 'host') return;
    const { host, t } = event;
    switch (event.change) {
      case 'started':
        this.down.delete(host);
        this.end(host, 'down', t);
        // Of the others nobody says when they serve.
        if (this.servers.has(host)) this.begin(host, 'joining', t);
        break;
      case 'serving':
        this.down.delete(host);
        this.end(host, 'down', t);
        this.end(host, 'joining', t);
        break;
      case 'killed':
      case 'ended':
        for (const what of ['joining', 'isolated', 'clock', 'loss', 'leads', 'hosts'] as const)
          this.end(host, what, t);
        this.begin(host, 'down', t);
        this.down.add(host);
        this.states.delete(host);
        this.tell(host, t, undefined);
        this.agree(t, event.n);
        break;
      case 'isolated':
        this.begin(host, 'isolated', t);
        break;
      case 'connected':
        this.end(host, 'isolated', t);
        break;
      case 'clock':
      case 'loss':
        this.end(host, event.change, t);
        if ((event.amount ?? 0) !== 0) this.begin(host, event.change, t, event.amount);
        break;
      case 'leads':
      case 'hosts':
        // There is one at a time.
        for (const { what, host: other } of this.open.values())
          if (what === event.change) this.end(other, what, t);
        this.begin(host, event.change, t);
    }
  }

  /** What a host is now, or was at `t`. */
  at(host: string, t: number): Spell[] {
    return this.spells.filter(
      (spell) => spell.host === host && spell.from <= t && (spell.to === undefined || spell.to > t),
    );
  }

  /** The letter of contents by their hash; a hash that no server had is a new letter. */
  letter(hash: string): LetteredState {
    const known = this.letters.get(hash);
    if (known !== undefined) return known;
    const index = this.letters.size;
    const fresh = { letter: letterOf(index), index };
    this.letters.set(hash, fresh);
    return fresh;
  }

  /** What a host held at `t`; `undefined`: it has not said so since it started. */
  stateAt(host: string, t: number): HostState | undefined {
    const told = this.told.get(host) ?? [];
    // The first that is later, and the one before.
    let index = lowerBound(told, t, (one) => one.t);
    while (index < told.length && (told[index]?.t ?? 0) <= t) index += 1;
    return told[index - 1]?.state;
  }

  /** Whether the servers agreed at `t`. */
  agreementAt(t: number): Agreement['is'] {
    return this.agreements.findLast((agreement) => agreement.t <= t)?.is ?? 'unknown';
  }

  private tell(host: string, t: number, state: HostState | undefined): void {
    const told = this.told.get(host) ?? [];
    if (told.length === 0) this.told.set(host, told);
    told.push({ t: Math.max(t, told.at(-1)?.t ?? t), state });
  }

  private begin(host: string, what: Spell['what'], from: number, amount?: number): void {
    const key = `${what} ${host}`;
    if (this.open.has(key)) return;
    const spell: Spell = { host, what, from, ...(amount === undefined ? {} : { amount }) };
    this.open.set(key, spell);
    this.spells.push(spell);
  }

  private end(host: string, what: Spell['what'], t: number): void {
    const key = `${what} ${host}`;
    const spell = this.open.get(key);
    if (spell === undefined) return;
    spell.to = t;
    this.open.delete(key);
  }

  private agree(t: number, n: number): void {
    const hashes = [...this.states.values()]
      .filter(({ host }) => this.servers.has(host) && !this.down.has(host))
      .map(({ storeHash }) => storeHash);
    const is = hashes.length < 2 ? 'unknown' : new Set(hashes).size === 1 ? 'equal' : 'different';
    if (this.agreements.at(-1)?.is !== is) this.agreements.push({ t, n, is });
  }
}

/** A, B, …, Z, A1, B1, … */
function letterOf(index: number): string {
  const round = Math.floor(index / 26);
  return String.fromCharCode(65 + (index % 26)) + (round === 0 ? '' : String(round));
}
