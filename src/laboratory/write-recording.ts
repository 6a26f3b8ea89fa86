import type { RecordedEvent, Recording, RecordingHeader } from './recording.js';

/** A line of a recording, with its end. */
export function recordingLine(line: RecordingHeader | RecordedEvent): string {
  return `${JSON.stringify(line)}\n`;
}

/** A whole recording, as a file. */
export function recordingText({ header, events }: Recording): string {
  return [header, ...events].map(recordingLine).join('');
}
