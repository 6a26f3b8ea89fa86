import type {
  CallAnswered,
  CallMade,
  MessageDropped,
  MessageMissed,
  MessageReceived,
  MessageRelayed,
  MessageSent,
  RecordedEvent,
  RecordedHost,
  RecordingHeader,
} from '../../../src/laboratory/recording.js';
import { HostHistory } from './host-history.js';
import { labPageLimits } from './limits.js';

/** All that is known of one message: it may have left, passed the broker, arrived at several hosts, or ended on the way. */
export interface MessageLife {
  readonly id: string;
  sent?: MessageSent;
  relayed?: MessageRelayed;
  readonly received: MessageReceived[];
  readonly dropped: MessageDropped[];
  readonly missed: MessageMissed[];
  /** Of its first and last event, ms. */
  start: number;
  end: number;
}

/** A call of a client and its answer. */
interface CallLife {
  readonly made?: CallMade;
  readonly answer?: CallAnswered;
}

/**
 * The run as the page holds it: every event once, in the order of time, and what is looked up by it. It grows while a run
 * is live; everything is bounded by the recording itself, bodies by {@link labPageLimits}.
 */
export class Run {
  /** In the order of time, then of numbers. */
  readonly events: RecordedEvent[] = [];
  readonly messages = new Map<string, MessageLife>();
  /** In the order in which they began. */
  readonly lives: MessageLife[] = [];
  readonly calls = new Map<string, CallLife>();
  readonly history: HostHistory;
  latestAnswer: CallAnswered | undefined;
  /** Those that have asked for something. */
  readonly clients = new Set<string>();
  readonly types = new Map<string, number>();
  private readonly byNumber = new Map<number, RecordedEvent>();
  private bodyBytes = 0;
  /** Longest time between first and last event of a message, for windows. */
  longestMs = 0;
  /** Changes with every event. */
  version = 0;
  /** The least index in {@link events} that moved since {@link settled}. */
  private disturbed = 0;

  constructor(readonly header: RecordingHeader) {
    this.history = new HostHistory(header.hosts);
  }

  get lastNumber(): number {
    return this.greatest;
  }
  private greatest = 0;

  /** The time of the last event, ms. */
  get endMs(): number {
    return this.events.at(-1)?.t ?? 0;
  }

  host(id: string): RecordedHost | undefined {
    return this.header.hosts.find((host) => host.id === id);
  }

  event(n: number): RecordedEvent | undefined {
    return this.byNumber.get(n);
  }

  sent(message: string): MessageSent | undefined {
    return this.messages.get(message)?.sent;
  }

  made(call: string): CallMade | undefined {
    return this.calls.get(call)?.made;
  }

  /** The server of which an origin is one start; the origin where that is not known. */
  readonly nameOf = (origin: string): string => this.origins.get(origin) ?? origin;
  private readonly origins = new Map<string, string>();

  /** Takes one event; one that is here already changes nothing. */
  add(event: RecordedEvent): void {
    if (this.byNumber.has(event.n)) return;
    const kept = this.bounded(event);
    this.byNumber.set(kept.n, kept);
    this.greatest = Math.max(this.greatest, kept.n);
    this.version += 1;
    this.place(kept);
    this.note(kept);
    this.history.add(kept);
  }

  /** The first index at which {@link events} is no longer as when this was asked last. */
  settled(): number {
    const from = this.disturbed;
    this.disturbed = this.events.length;
    return from;
  }

  private place(event: RecordedEvent): void {
    let index = this.events.length;
    while (index > 0 && isAfter(this.events[index - 1], event)) index -= 1;
    if (index === this.events.length) this.events.push(event);
    else this.events.splice(index, 0, event);
    this.disturbed = Math.min(this.disturbed, index);
  }

  private note(event: RecordedEvent): void {
    switch (event.kind) {
      case 'sent':
        this.types.set(event.type, (this.types.get(event.type) ?? 0) + 1);
        this.life(event.message, event.t).sent = event;
        this.noteOrigin(event);
        break;
      case 'relayed':
        this.life(event.message, event.t).relayed = event;
        break;
      case 'received':
        this.life(event.message, event.t).received.push(event);
        break;
      case 'dropped':
        this.life(event.message, event.t).dropped.push(event);
        break;
      case 'missed':
        this.life(event.message, event.t).missed.push(event);
        break;
      case 'call':
        this.calls.set(event.call, { ...this.calls.get(event.call), made: event });
        this.clients.add(event.client);
        break;
      case 'answer':
        this.calls.set(event.call, { ...this.calls.get(event.call), answer: event });
        if ((this.latestAnswer?.n ?? 0) < event.n) this.latestAnswer = event;
        break;
      case 'host':
      case 'state':
      case 'mark':
    }
  }

  /** Who publishes says its origin: as the last level of its topics, or in its greeting. */
  private noteOrigin({ host, topic, type, body }: MessageSent): void {
    // A last will is said by the broker, of another.
    if (this.host(host)?.kind !== 'server') return;
    const origin =
      topic === '' ? (type === 'LEADER' ? ORIGIN.exec(body)?.[1] : undefined) : topic.split('/').at(-1);
    if (origin !== undefined) this.origins.set(origin, host);
  }

  private life(id: string, t: number): MessageLife {
    let life = this.messages.get(id);
    if (life === undefined) {
      life = { id, received: [], dropped: [], missed: [], start: t, end: t };
      this.messages.set(id, life);
      this.lives.push(life);
    }
    const start = Math.min(life.start, t);
    life.end = Math.max(life.end, t);
    if (start !== life.start || this.lives.at(-1) === life) this.sortIn(life, start);
    this.longestMs = Math.max(this.longestMs, life.end - life.start);
    return life;
  }

  /** Keeps {@link lives} sorted where an event becomes known after later ones. */
  private sortIn(life: MessageLife, start: number): void {
    let index = this.lives.lastIndexOf(life);
    life.start = start;
    for (let before = this.lives[index - 1]; before !== undefined && before.start > start;) {
      this.lives[index] = before;
      index -= 1;
      before = this.lives[index - 1];
    }
    this.lives[index] = life;
  }

  private bounded(event: RecordedEvent): RecordedEvent {
    if (event.kind !== 'sent') return event;
    this.bodyBytes += event.body.length;
    if (this.bodyBytes <= labPageLimits.bodyCharacters) return event;
    return { ...event, body: '', isCut: true };
  }
}

const ORIGIN = /"origem":"([\w-]{1,64})"/;

function isAfter(one: RecordedEvent | undefined, other: RecordedEvent): boolean {
  return one !== undefined && (one.t > other.t || (one.t === other.t && one.n > other.n));
}
