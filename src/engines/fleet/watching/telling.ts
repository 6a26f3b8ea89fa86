import type { VectorEntries } from '../../../core/dot.js';
import type { WatchEvent } from '../../../ports/watch.js';
import { cutAfter, eventCount, eventOf, firstAfter, type LineFacts } from '../../watching/mutation-events.js';
import type { Waiting } from './queue.js';
import type { ToldPart } from './token.js';

interface TellingDeps {
  readonly facts: LineFacts;
  /** Encodes a place; the token says to start over if none so short can be made. */
  readonly token: (entries: VectorEntries | undefined, parts: readonly ToldPart[]) => string;
}

/** A mutation whose events are being told, one by one. */
export class Telling {
  private index: number;

  /** @param told what was told of it elsewhere */
  constructor(
    private readonly waiting: Waiting,
    told: ToldPart | undefined,
    private readonly deps: TellingDeps,
  ) {
    this.index = told ? firstAfter(waiting.applied, told) : 0;
  }

  get isOver(): boolean {
    return this.index >= eventCount(this.waiting.applied);
  }

  /** @param others of which a reader had a part, and which were not told since */
  next(others: readonly ToldPart[]): WatchEvent {
    const { applied, moment } = this.waiting;
    const { origin, seq } = applied;
    const { facts, token } = this.deps;
    const index = this.index++;
    const event = eventOf(applied, index, facts);
    const cut = this.isOver ? undefined : cutAfter(applied, index);
    if (cut === undefined) return { ...event, token: token(moment.after(seq), others) };
    const part = { of: { origin, seq }, version: cut.version, origin: cut.origin };
    return { ...event, token: token(moment.before(seq), [...others, part]) };
  }
}
