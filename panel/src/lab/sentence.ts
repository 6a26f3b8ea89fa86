import type { RecordedEvent } from '../../../src/laboratory/recording.js';
import { eventSentence } from '../../../src/laboratory/sentences.js';
import { language } from '../preferences.js';
import type { Run } from './run.js';

/** What happened in an event, in a sentence of the page's language. */
export function sentence(run: Run, event: RecordedEvent): string {
  return eventSentence(event, run, language.value);
}
