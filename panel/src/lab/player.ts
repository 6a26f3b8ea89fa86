import { signal } from '@preact/signals';
import type { LabModel } from './lab-model.js';

/** Steps a second, by event, at speed 1. */
const STEPS_PER_SECOND = 3;

/** What the window says of when to draw. */
export interface PageFrames {
  readonly isHidden: () => boolean;
  readonly next: (draw: (nowMs: number) => void) => number;
  readonly cancel: (frame: number) => void;
}

export const PLAYER_SPEEDS: readonly number[] = [0.1, 0.25, 0.5, 1, 2, 5, 20];

/** Plays a run again: what is shown grows with time, or event by event. */
export class Player {
  readonly isPlaying = signal(false);
  readonly speed = signal(1);
  private frame = 0;
  /** When the frame before was drawn; of the first one there is none before. */
  private last: number | undefined;
  private due = 0;

  constructor(
    private readonly lab: LabModel,
    private readonly frames: PageFrames,
  ) {}

  /** From the event that is chosen, or from the beginning. */
  play(): void {
    const { lab } = this;
    const { items } = lab.sequence.peek() ?? { items: [] };
    const [first] = items;
    if (first === undefined || this.isPlaying.value) return;
    const chosen = lab.selectedEvent();
    const isAtEnd = chosen === undefined || chosen === items.at(-1);
    const from = isAtEnd ? first : chosen;
    lab.until.value = from.t;
    lab.select(from.n);
    this.isPlaying.value = true;
    this.due = 0;
    // A frame bears the time at which it began, which may lie before the press that starts the replay: time runs from frame to frame.
    this.last = undefined;
    this.frame = this.frames.next((now) => this.tick(now));
  }

  pause(): void {
    this.isPlaying.value = false;
    this.frames.cancel(this.frame);
  }

  /** Ends the replay: everything is shown again. */
  stop(): void {
    this.pause();
    this.lab.until.value = Infinity;
  }

  private tick(now: number): void {
    if (!this.isPlaying.value) return;
    const passedMs = Math.min(250, now - (this.last ?? now)) * this.speed.value;
    this.last = now;
    if (this.advance(passedMs)) this.frame = this.frames.next((at) => this.tick(at));
    else this.pause();
  }

  /** @returns whether it goes on */
  private advance(passedMs: number): boolean {
    const { lab } = this;
    const sequence = lab.sequence.peek();
    const n = lab.selected.peek();
    if (sequence === undefined || n === undefined) return false;
    let rank = sequence.rank(n) ?? -1;
    if (lab.view.peek().axis === 'order') {
      this.due += (passedMs * STEPS_PER_SECOND) / 1000;
      rank += Math.floor(this.due);
      this.due %= 1;
    } else {
      const until = lab.until.peek() + passedMs;
      lab.until.value = until;
      rank = Math.max(rank, sequence.rankOfTime(until) - 1);
    }
    const end = sequence.items.length - 1;
    const event = sequence.items[Math.min(rank, end)];
    if (event === undefined) return false;
    if (event.n !== n) {
      lab.until.value = Math.max(lab.until.peek(), event.t);
      lab.select(event.n);
    }
    lab.keepInSight();
    return rank < end;
  }
}
