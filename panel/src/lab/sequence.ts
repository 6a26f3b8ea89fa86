import type { RecordedEvent } from '../../../src/laboratory/recording.js';
import { lowerBound } from './lower-bound.js';
import type { MessageLife, Run } from './run.js';

/** What of a run is shown. */
export interface RunFilter {
  /** Types of messages that are folded: short marks on the line of their sender, and no steps. */
  readonly types: ReadonlySet<string>;
  /** Hosts without a line. */
  readonly hosts: ReadonlySet<string>;
  /** Only messages and calls with this text in a key or value; empty: all. */
  readonly text: string;
}

/** Messages that come again and again, whatever happens: folded at first. */
export const ROUTINE_TYPES: readonly string[] = [
  ...['presence', 'clockRequest', 'clockReply'],
  ...['PING', 'PONG', 'LeaseKeepAlive', 'Status', 'MemberList'],
];

/** The events that are shown, in the order of time, and their places in it. It follows its run as that grows. */
export class Sequence {
  readonly items: RecordedEvent[] = [];
  private readonly ranks = new Map<number, number>();
  private readonly matches = new Map<string, boolean>();
  private readonly needle: string;

  constructor(
    readonly run: Run,
    readonly filter: RunFilter,
  ) {
    // As it stands in JSON.
    this.needle = JSON.stringify(filter.text).slice(1, -1);
    this.grow(0);
  }

  /**
   * Takes what the run got since.
   * @param from the first index of the run's events that changed
   */
  grow(from: number): void {
    const { events } = this.run;
    const first = events[from];
    if (first === undefined) return;
    // What was before the first that changed stays.
    const before = from === 0 ? undefined : events[from - 1];
    let keep = before === undefined ? 0 : this.items.length;
    while (before !== undefined && keep > 0 && isLater(this.items[keep - 1], before)) keep -= 1;
    // Each of them comes again, with a rank of its own.
    this.items.splice(keep);
    for (let index = from; index < events.length; index += 1) {
      const event = events[index] as RecordedEvent;
      if (!this.shows(event)) continue;
      this.ranks.set(event.n, this.items.length);
      this.items.push(event);
    }
  }

  /** Place among the events that are shown, from 0; `undefined`: it is not. */
  rank(n: number): number | undefined {
    return this.ranks.get(n);
  }

  /** How many of the events shown lie before `t`. */
  rankOfTime(t: number): number {
    return lowerBound(this.items, t, (event) => event.t);
  }

  /** Whether a message is drawn as an arrow. */
  showsMessage(life: MessageLife): boolean {
    const { sent } = life;
    if (sent === undefined) return this.needle === '';
    if (this.filter.types.has(sent.type)) return false;
    return this.needle === '' || this.matchesText(life.id, sent.body);
  }

  showsHost(host: string): boolean {
    return !this.filter.hosts.has(host);
  }

  private shows(event: RecordedEvent): boolean {
    if (!this.showsHost(event.host)) return false;
    switch (event.kind) {
      case 'sent':
      case 'relayed':
      case 'received':
      case 'dropped':
      case 'missed': {
        const life = this.run.messages.get(event.message);
        return life !== undefined && this.showsMessage(life);
      }
      case 'call':
        return this.callMatches(event.call);
      case 'answer':
        return this.callMatches(event.call);
      case 'state':
      case 'host':
      case 'mark':
        return true;
    }
  }

  private callMatches(call: string): boolean {
    if (this.needle === '') return true;
    const made = this.run.calls.get(call)?.made;
    return made === undefined || [made.key, made.value ?? ''].some((text) => text.includes(this.filter.text));
  }

  private matchesText(id: string, body: string): boolean {
    let matches = this.matches.get(id);
    if (matches === undefined) {
      matches = body.includes(this.needle);
      this.matches.set(id, matches);
    }
    return matches;
  }
}

function isLater(one: RecordedEvent | undefined, other: RecordedEvent): boolean {
  return one !== undefined && (one.t > other.t || (one.t === other.t && one.n > other.n));
}
