import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readRecording } from '../../../src/laboratory/read-recording.js';
import type { RecordedEvent, Recording } from '../../../src/laboratory/recording.js';
import { renumbered } from './trim.js';

const read = new Map<string, Recording>();

/** Where a recording of the tests lies; `wrong/…` for real runs that went wrong. */
export function recordingPath(file: string): string {
  return fileURLToPath(new URL(`../recordings/${file}.jsonl`, import.meta.url));
}

/** A recording of the tests, read once. */
export function recorded(file: string): Recording {
  const known = read.get(file) ?? readRecording(readFileSync(recordingPath(file), 'utf8')).recording;
  read.set(file, known);
  return known;
}

/** The recording as if these events had not happened, and nothing that refers to them. */
export function without({ header, events }: Recording, isGone: (event: RecordedEvent) => boolean): Recording {
  const gone = new Set(events.filter(isGone));
  const lost = new Set(
    [...gone].flatMap((event) => {
      if (event.kind === 'sent') return [`m ${event.message}`];
      return event.kind === 'call' ? [`c ${event.call}`] : [];
    }),
  );
  const kept = events.filter((event) => {
    if (gone.has(event)) return false;
    if ('message' in event && event.kind !== 'answer') return !lost.has(`m ${event.message}`);
    return !('call' in event) || !lost.has(`c ${event.call}`);
  });
  return { header, events: renumbered(kept) };
}

/** The recording with some events as they were not. */
export function altered(
  { header, events }: Recording,
  change: (event: RecordedEvent, events: readonly RecordedEvent[]) => RecordedEvent,
): Recording {
  return { header, events: events.map((event) => change(event, events)) };
}

/** The recording until the first event that is so, without it: as of somebody who stopped there. */
export function until({ header, events }: Recording, isEnd: (event: RecordedEvent) => boolean): Recording {
  const end = events.findIndex(isEnd);
  return { header, events: end < 0 ? events : events.slice(0, end) };
}
