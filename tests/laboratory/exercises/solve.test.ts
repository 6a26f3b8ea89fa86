import { expect, it } from 'vitest';
import { concurrent } from '../../../src/laboratory/exercises/concurrent.js';
import { correct } from '../../../src/laboratory/exercises/correct.js';
import { ObservedRun } from '../../../src/laboratory/exercises/observed-run.js';
import type { RecordedEvent, Recording } from '../../../src/laboratory/recording.js';
import { recorded } from './recordings.js';
import { renumbered } from './trim.js';

/** The run again and again, under other names: of somebody who goes on for hours. */
function repeated({ header, events }: Recording, times: number, end: readonly RecordedEvent[]): Recording {
  const rounds = Array.from({ length: times }, (_, at) =>
    events.map((event): RecordedEvent => {
      const named =
        'message' in event && event.kind !== 'answer' ? { message: `${event.message} ${at}` } : {};
      return {
        ...event,
        ...named,
        ...('call' in event ? { call: `${event.call} ${at}` } : {}),
      };
    }),
  );
  return { header, events: renumbered([...rounds.flat(), ...end]) };
}

it('of several attempts, the one counts that does most, wherever it is', () => {
  const right = recorded('ao-mesmo-tempo-1');
  const broken = right.events.filter((event) => event.kind !== 'host' || event.change !== 'connected');
  const recording = repeated({ ...right, events: broken.slice(0, -8) }, 1, right.events);
  expect(correct(concurrent, new ObservedRun(recording)).isComplete).toBe(true);
});

it('a recording at the limit of its length is judged by what was looked at within the bound, and says so', () => {
  const right = recorded('ao-mesmo-tempo-1');
  const end = right.events.findIndex((event) => event.kind === 'host' && event.change === 'connected');
  const events = right.events.slice(0, end);
  const recording = repeated({ ...right, events }, Math.floor(200_000 / events.length), []);
  const { isComplete, isCut, steps } = correct(concurrent, new ObservedRun(recording));
  expect([isComplete, isCut]).toEqual([false, true]);
  expect(steps.slice(0, 5).every(({ event }) => event !== undefined)).toBe(true);
});
