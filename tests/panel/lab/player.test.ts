import { expect, it } from 'vitest';
import { LabModel } from '../../../panel/src/lab/lab-model.js';
import { Run } from '../../../panel/src/lab/run.js';
import { fleetStory } from './run-builder.js';
import { keptSession } from './kept-session.js';

/** Frames that are drawn when a test says so, each with the time at which it began. */
class Frames {
  private due: ((nowMs: number) => void)[] = [];
  readonly isHidden = (): boolean => true;
  readonly next = (draw: (nowMs: number) => void): number => this.due.push(draw);
  readonly cancel = (): void => void (this.due = []);

  /** @returns whether anybody waited for it */
  draw(nowMs: number): boolean {
    const due = this.due.splice(0);
    for (const draw of due) draw(nowMs);
    return due.length > 0;
  }
}

function opened(): { lab: LabModel; frames: Frames; rank: () => number | undefined; last: number } {
  const frames = new Frames();
  const lab = new LabModel(frames, keptSession());
  const { header, events } = fleetStory();
  const run = new Run(header);
  for (const event of events) run.add(event);
  lab.open(run, 'aula.jsonl', false);
  const rank = (): number | undefined => lab.sequence.value?.rank(lab.selected.value ?? -1);
  return { lab, frames, rank, last: (lab.sequence.value?.items.length ?? 0) - 1 };
}

it.each(['order', 'time'] as const)(
  'a replay goes from the first event to the last, by %s, wherever in a frame it was started',
  (axis) => {
    const { lab, frames, rank, last } = opened();
    if (axis === 'time') lab.switchAxis();
    lab.player.speed.value = 20;
    lab.player.play();
    expect(rank()).toBe(0);
    // The frame that is drawn next began before the press that was handled in it.
    let now = performance.now() - 40;
    frames.draw(now);
    const seen = [rank()];
    while (frames.draw((now += 16))) seen.push(rank());
    expect(seen[0]).toBe(0);
    expect(seen).toEqual(seen.toSorted((one, other) => (one ?? 0) - (other ?? 0)));
    expect(seen.length).toBeGreaterThan(10);
    expect(rank()).toBe(last);
    expect(lab.player.isPlaying.value).toBe(false);
  },
);

it('a replay that was paused goes on where it was, as if no time had passed', () => {
  const { lab, frames, rank } = opened();
  lab.player.play();
  for (const now of [1000, 1200, 1400]) frames.draw(now);
  lab.player.pause();
  expect(frames.draw(1600)).toBe(false);
  const at = rank();
  lab.player.play();
  frames.draw(900_000);
  expect(rank()).toBe(at);
});
