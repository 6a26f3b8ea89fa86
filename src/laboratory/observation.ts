import type { MessageEffect, RecordedEvent } from './recording.js';

/** What one server tells of a message that passes it. */
export interface TracedStep {
  readonly kind: 'traced';
  /** ms since the start of the recording, by the teller's clock. */
  readonly t: number;
  readonly host: string;
  readonly step: 'sent' | 'received' | 'droppedOut' | 'droppedIn';
  readonly message: SeenMessage;
  readonly effect: MessageEffect;
  readonly applied: number;
}

/** What the broker gave to the recorder's own subscription. */
export interface RelayedStep {
  readonly kind: 'relayed';
  readonly t: number;
  readonly message: SeenMessage;
}

/** A message as it was seen somewhere. */
export interface SeenMessage {
  /** Whoever sent it, if that is known. */
  readonly from: string | undefined;
  /** Whom it is for, if it is for one host. */
  readonly to: string | undefined;
  /** Topic, method, or nothing. */
  readonly topic: string;
  readonly type: string;
  readonly bytes: number;
  readonly body: string;
  readonly isCut: boolean;
  /** Equal wherever it is seen, of whoever sent it. */
  readonly digest: string;
}

/** What needs no matching: an event as it will be recorded. */
interface PlainStep {
  readonly kind: 'plain';
  readonly event: Unnumbered<PlainEvent>;
}

export type PlainEvent = Extract<RecordedEvent, { kind: 'call' | 'answer' | 'host' | 'state' | 'mark' }>;

/** An event that has no number yet. */
export type Unnumbered<Event> = Event extends unknown ? Omit<Event, 'n'> : never;

export type Observation = TracedStep | RelayedStep | PlainStep;
