import type { RecordedEvent, Recording } from '../../../src/laboratory/recording.js';
import { Run } from '../../../panel/src/lab/run.js';

/** The run of a recording, its events taken in another order where one is given. */
export function runOf(recording: Recording, events: readonly RecordedEvent[] = recording.events): Run {
  const run = new Run(recording.header);
  for (const event of events) run.add(event);
  return run;
}

export const NO_FILTER = { types: new Set<string>(), hosts: new Set<string>(), text: '' };
