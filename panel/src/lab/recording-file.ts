import { laboratoryLimits } from '../../../src/laboratory/limits.js';
import type { LabModel } from './lab-model.js';
import { Run } from './run.js';

/** Events that go into the run between two breaths of the page. */
const CHUNK = 5_000;

/**
 * Reads a recording in the page and shows it; nothing of it leaves the machine.
 * @throws Error with a Portuguese text that names the line, where it is none
 */
export async function openRecording(lab: LabModel, file: File): Promise<void> {
  if (file.size > laboratoryLimits.recordingBytes) {
    throw new Error(`a gravação passa de ${laboratoryLimits.recordingBytes} bytes`);
  }
  // Its checks are needed by nobody who only looks at a live run.
  const { readRecording } = await import('../../../src/laboratory/read-recording.js');
  const { recording, isTruncated } = readRecording(await file.text());
  const run = new Run(recording.header);
  // A run is quick at what comes in the order of time, and a file may have any.
  const events = recording.events.toSorted((one, other) => one.t - other.t || one.n - other.n);
  for (let from = 0; from < events.length; from += CHUNK) {
    for (const event of events.slice(from, from + CHUNK)) run.add(event);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  lab.open(run, file.name, isTruncated);
}

/** Gives the reader a file to keep. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  // The browser has taken it by the next turn.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
