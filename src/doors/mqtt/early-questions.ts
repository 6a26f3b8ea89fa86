import { Fifo } from '../../core/fifo.js';
import { mqttDoorLimits } from './limits.js';

/** A question that came before this server acts. */
interface Early<Question> {
  readonly question: Question;
  readonly atMs: number;
}

/**
 * Questions that came while this server was about to act and knew of no other that could: it answers them once it acts.
 * Bounded in number and bytes; beyond, the oldest goes first.
 */
export class EarlyQuestions<Question extends { readonly size: number }> {
  private readonly waiting = new Fifo<Early<Question>>();
  private bytes = 0;

  get size(): number {
    return this.waiting.length;
  }

  hold(question: Question, atMs: number): void {
    this.waiting.push({ question, atMs });
    this.bytes += question.size;
    const { waitingMessages, waitingBytes } = mqttDoorLimits;
    while (this.waiting.length > waitingMessages || this.bytes > waitingBytes) this.shift();
  }

  /** Removes all, and returns those that came at or after a time (monotonic ms), in order. */
  takeSince(sinceMs: number): Question[] {
    const taken: Question[] = [];
    for (let one = this.shift(); one !== undefined; one = this.shift()) {
      if (one.atMs >= sinceMs) taken.push(one.question);
    }
    return taken;
  }

  private shift(): Early<Question> | undefined {
    const one = this.waiting.shift();
    this.bytes -= one?.question.size ?? 0;
    return one;
  }
}
