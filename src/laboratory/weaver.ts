import { laboratoryLimits } from './limits.js';
import { MessageBook } from './message-book.js';
import type { KnownMessage } from './message-book.js';
import { MissedMessages } from './missed-messages.js';
import type { Observation, RelayedStep, SeenMessage, TracedStep, Unnumbered } from './observation.js';
import { RequestBook } from './request-book.js';
import type { RecordedEvent } from './recording.js';
import { WaitingObservations } from './waiting-observations.js';
import type { WaitingObservation } from './waiting-observations.js';

interface WeaverOptions {
  /** The host that a message passes on its way, if there is one. */
  readonly broker: string | undefined;
  /** Every one of which is to get what the broker passes on. */
  readonly servers: ReadonlySet<string>;
  /** Hosts that tell nothing of their messages: what they receive is known by their answers. */
  readonly silent: ReadonlySet<string>;
  /** Whether the recorder's subscription to the broker was open at that time. */
  readonly isListening: (t: number) => boolean;
  /** Who must have sent a message of which no sender tells; `undefined`: the broker itself, as a last will. */
  readonly senderOf: (message: SeenMessage) => string | undefined;
}

/**
 * Makes the events of a recording from what servers and broker tell, each over a connection of its own and so in no common
 * order: what left is matched to what arrived, and a message leaves before it arrives. Knows no clock: whoever feeds it
 * says what time it is.
 */
export class Weaver {
  private readonly waiting = new WaitingObservations();
  private events = 0;
  private nowMs = 0;
  private told: RecordedEvent[] = [];
  private readonly messages = new MessageBook();
  private readonly requests = new RequestBook();
  private readonly missed: MissedMessages;

  constructor(private readonly options: WeaverOptions) {
    this.missed = new MissedMessages(options.servers);
  }

  /** @param nowMs on a clock that is never put back, whatever the times of the observations are on */
  take(observation: Observation, nowMs: number): void {
    this.waiting.add(observation, nowMs);
  }

  /** The events that can be told by now, in order. */
  weave(nowMs: number): RecordedEvent[] {
    return this.tell(nowMs, nowMs - laboratoryLimits.holdMs);
  }

  /** All that is left, at the end. */
  finish(): RecordedEvent[] {
    return this.tell(Infinity, Infinity);
  }

  private tell(nowMs: number, dueMs: number): RecordedEvent[] {
    this.nowMs = nowMs;
    for (const waiting of this.waiting.due(dueMs)) {
      // What is due may have been told with another one.
      if (!waiting.isTold) this.tellOne(waiting);
    }
    for (const { message, host, t } of this.missed.due(nowMs)) {
      this.add({ kind: 'missed', t, host, message, why: 'isolated' });
    }
    const { told } = this;
    this.told = [];
    return told;
  }

  private tellOne(waiting: WaitingObservation): void {
    const { observation } = waiting;
    switch (observation.kind) {
      case 'plain':
        this.waiting.remove(waiting);
        if (observation.event.kind === 'host') this.missed.changed(observation.event);
        this.add(observation.event);
        return;
      case 'relayed':
        this.tellRelayed(waiting, observation);
        return;
      case 'traced':
        if (observation.step === 'sent' || observation.step === 'droppedOut') {
          this.waiting.remove(waiting);
          this.tellSent(observation);
        } else this.tellArrival(waiting, observation);
    }
  }

  private tellSent({ host, t, step, message }: TracedStep): void {
    const known = this.messages.sent(host, t, message);
    this.addSent(known, message, false);
    if (step === 'droppedOut') this.tellDroppedOut(known);
    else if (message.to !== undefined && this.options.silent.has(message.to)) {
      this.requests.asked(host, message.to, message.type, { id: known.id, t });
    }
  }

  private tellDroppedOut({ id, from: host, to, t }: KnownMessage): void {
    this.add({ kind: 'dropped', t, host, message: id });
    if (this.options.broker === undefined) return;
    for (const without of this.missed.without(host, to)) {
      this.add({ kind: 'missed', t, host: without, message: id, why: 'dropped' });
    }
  }

  private tellRelayed(waiting: WaitingObservation, { t, message }: RelayedStep): void {
    const { broker } = this.options;
    if (broker === undefined) {
      this.waiting.remove(waiting);
      return;
    }
    const known = this.sentOf(waiting, message, broker);
    if (known === undefined) return;
    this.waiting.remove(waiting);
    this.addRelayed(known, Math.max(t, known.t), false);
  }

  private tellArrival(waiting: WaitingObservation, arrival: TracedStep): void {
    const { host, t, step, message, effect, applied } = arrival;
    const { from } = message;
    if (from !== undefined && this.options.silent.has(from)) {
      this.waiting.remove(waiting);
      this.tellReply(arrival, from);
      return;
    }
    const known = this.sentOf(waiting, message, host);
    if (known === undefined) return;
    this.waiting.remove(waiting);
    if (known.relays === 0) this.tellRelayOf(known, waiting);
    const at = Math.max(t, known.t);
    known.arrivals.add(host);
    this.missed.arrived(known.id, host);
    if (step === 'droppedIn') this.add({ kind: 'dropped', t: at, host, message: known.id });
    else {
      const did = applied > 0 ? { effect, applied } : { effect };
      this.add({ kind: 'received', t: at, host, message: known.id, ...did });
    }
  }

  /**
   * Before the arrival of a message that the broker has not told yet, tells that it passed there: the recorder is one
   * subscriber of many, and others may be told before it.
   */
  private tellRelayOf(known: KnownMessage, arrival: WaitingObservation): void {
    if (this.options.broker === undefined) return;
    const at = Math.max(arrival.t, known.t);
    const relay = this.waiting.relayOf(known.key);
    if (relay !== undefined) {
      this.waiting.remove(relay);
      this.addRelayed(known, at, false);
    } else if (!this.options.isListening(at)) this.addRelayed(known, at, true);
  }

  /** The message that has arrived; `undefined`: its sender has not told of it yet. */
  private sentOf(waiting: WaitingObservation, message: SeenMessage, at: string): KnownMessage | undefined {
    const { t, atMs } = waiting;
    const isRelay = waiting.observation.kind === 'relayed';
    const free = this.messages.free(message, isRelay ? undefined : at, t);
    if (free !== undefined) return free;
    const departure = this.waiting.departureOf(message);
    if (departure !== undefined) {
      const { observation } = departure;
      this.waiting.remove(departure);
      this.tellSent(t < observation.t ? { ...observation, t } : observation);
      return this.messages.free(message, isRelay ? undefined : at, t);
    }
    // One that has come twice, as brokers may deliver it.
    const copy = this.messages.last(message);
    if (copy !== undefined) return copy;
    if (this.nowMs - atMs < laboratoryLimits.inferMs) return undefined;
    const from = message.from ?? this.options.senderOf(message) ?? this.options.broker;
    if (from === undefined) {
      this.waiting.remove(waiting);
      return undefined;
    }
    const known = this.messages.sent(from, t, message);
    this.addSent(known, message, true);
    return known;
  }

  /** An answer of a host that does not tell: so the request has arrived there, and the answer has left. */
  private tellReply({ host, t, message, effect, applied }: TracedStep, from: string): void {
    const asked = this.requests.answered(host, from, message.type);
    const between = asked === undefined ? t : (asked.t + t) / 2;
    if (asked !== undefined) {
      this.add({
        ...{ kind: 'received', t: between, host: from, message: asked.id },
        ...{ effect: 'answered', isInferred: true },
      });
    }
    const known = this.messages.sent(from, between, { ...message, to: host });
    this.addSent(known, { ...message, to: host }, true);
    const did = applied > 0 ? { effect, applied } : { effect };
    this.add({ kind: 'received', t, host, message: known.id, ...did });
  }

  private addRelayed(known: KnownMessage, t: number, isInferred: boolean): void {
    known.relays++;
    const { broker: host = '' } = this.options;
    if (known.relays === 1) this.missed.passed(known.id, known.from, known.to, t, this.nowMs);
    this.add({ kind: 'relayed', t, host, message: known.id, ...(isInferred && { isInferred }) });
  }

  private addSent(
    { id, t, from }: KnownMessage,
    { to, topic, type, bytes, body, isCut }: SeenMessage,
    isInferred: boolean,
  ): void {
    this.add({
      ...{ kind: 'sent', t, host: from, message: id },
      ...(to !== undefined && { to }),
      ...{ topic, type, bytes, body },
      ...(isCut && { isCut }),
      ...(isInferred && { isInferred }),
    });
  }

  private add(event: Unnumbered<RecordedEvent>): void {
    const { kind, ...rest } = event;
    this.told.push({
      kind,
      n: ++this.events,
      ...rest,
      t: Math.round(event.t * 1_000) / 1_000,
    } as RecordedEvent);
  }
}
