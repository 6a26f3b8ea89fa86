import { MessageBook } from './message-book.js';
import type { Observation, SeenMessage, TracedStep } from './observation.js';

/** An observation that waits for its turn. */
export interface WaitingObservation<Seen extends Observation = Observation> {
  readonly observation: Seen;
  readonly t: number;
  /** When the recorder learned of it. */
  readonly atMs: number;
  /** Order in which it was learned, for equal times. */
  readonly turn: number;
  isTold: boolean;
}

/**
 * What was observed and is not told yet. Of thousands that wait for one another, each is found by its message, without a
 * look at the others.
 */
export class WaitingObservations {
  private all: WaitingObservation[] = [];
  private turns = 0;
  /** Messages that left, and that the broker told of, by {@link MessageBook.keyOf}. */
  private readonly departures = new Map<string, Departure[]>();
  private readonly relays = new Map<string, Relay[]>();

  /** @param atMs when it was learned */
  add(observation: Observation, atMs: number): void {
    const t = observation.kind === 'plain' ? observation.event.t : observation.t;
    const waiting = { observation, t, atMs, turn: this.turns++, isTold: false };
    this.all.push(waiting);
    if (isRelay(waiting)) put(this.relays, waiting);
    if (isDeparture(waiting)) put(this.departures, waiting);
  }

  /** Those that were learned by then, in the order of time. */
  due(byMs: number): readonly WaitingObservation[] {
    this.all = this.all.filter(({ isTold }) => !isTold);
    this.all.sort((one, other) => one.t - other.t || one.turn - other.turn);
    return this.all.filter(({ atMs }) => atMs <= byMs);
  }

  /** It is told. */
  remove(waiting: WaitingObservation): void {
    waiting.isTold = true;
    if (isRelay(waiting)) take(this.relays, waiting);
    if (isDeparture(waiting)) take(this.departures, waiting);
  }

  /** The first that tells how this message left. */
  departureOf(message: SeenMessage): Departure | undefined {
    return this.departures.get(keyOf(message))?.find(({ observation }) => {
      const { from } = observation.message;
      return (from ?? message.from) === (message.from ?? from);
    });
  }

  /** The first in which the broker tells of a message with this key. */
  relayOf(key: string): Relay | undefined {
    return this.relays.get(key)?.[0];
  }
}

type Departure = WaitingObservation<TracedStep>;
type Relay = WaitingObservation<Extract<Observation, { kind: 'relayed' }>>;

function isDeparture(waiting: WaitingObservation): waiting is Departure {
  const { observation } = waiting;
  return observation.kind === 'traced' && (observation.step === 'sent' || observation.step === 'droppedOut');
}

function isRelay(waiting: WaitingObservation): waiting is Relay {
  return waiting.observation.kind === 'relayed';
}

function keyOf({ topic, to = '', digest }: SeenMessage): string {
  return MessageBook.keyOf(topic, to, digest);
}

function put<Kind extends Departure | Relay>(shelf: Map<string, Kind[]>, waiting: Kind): void {
  const key = keyOf(waiting.observation.message);
  const equal = shelf.get(key);
  if (equal === undefined) shelf.set(key, [waiting]);
  else equal.push(waiting);
}

function take<Kind extends Departure | Relay>(shelf: Map<string, Kind[]>, waiting: Kind): void {
  const key = keyOf(waiting.observation.message);
  const equal = shelf.get(key);
  // Equal ones leave in the order in which they came, all but a few.
  const at = equal?.indexOf(waiting) ?? -1;
  if (at >= 0) equal?.splice(at, 1);
  if (equal?.length === 0) shelf.delete(key);
}
