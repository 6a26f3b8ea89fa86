import type { Recording } from '../../../src/laboratory/recording.js';
import { language } from '../preferences.js';
import type { LabModel } from './lab-model.js';
import type { Run } from './run.js';

/** The run as a picture for documents, without the messages that are folded. */
export async function runAsSvg(lab: LabModel, run: Run): Promise<Blob> {
  // Only who asks for a picture needs what draws it.
  const { spaceTimeSvg } = await import('../../../src/laboratory/svg.js');
  const folded = lab.filter.value.types;
  const isFolded = (message: string): boolean => folded.has(run.sent(message)?.type ?? '');
  const { header, events } = recordingOf(run);
  const shown = events.filter(
    (event) => !('message' in event) || event.kind === 'answer' || !isFolded(event.message),
  );
  return new Blob([spaceTimeSvg({ header, events: shown }, language.value)], { type: 'image/svg+xml' });
}

/** The whole run as a log with vector clocks. */
export async function runAsShiViz(run: Run): Promise<Blob> {
  const { shivizLog } = await import('../../../src/laboratory/shiviz.js');
  return new Blob([shivizLog(recordingOf(run), language.value)], { type: 'text/plain' });
}

/** In the order of the recording. */
function recordingOf(run: Run): Recording {
  return { header: run.header, events: [...run.events].sort((one, other) => one.n - other.n) };
}
