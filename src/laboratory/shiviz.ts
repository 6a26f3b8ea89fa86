import type { SentenceLanguage } from './bilingual.js';
import { recordingContext } from './recording-context.js';
import type { Recording } from './recording.js';
import { eventSentence } from './sentences.js';
import { clockedSteps } from './vector-clocks.js';

/**
 * How ShiViz is to read what follows: it takes the first line of a file for its regular expression, the second for what
 * parts several runs, of which there is one here.
 */
const EXPRESSION = '(?<host>\\S*) (?<clock>{.*})\\n(?<event>.*)';

/**
 * A recording as a log for ShiViz (https://bestchai.bitbucket.io/shiviz/): two lines for each step of a host, its vector
 * clock, and what happened.
 */
export function shivizLog(recording: Recording, language: SentenceLanguage): string {
  const context = recordingContext(recording);
  const lines: string[] = [];
  for (const { host, clock, event } of clockedSteps(recording.events)) {
    const counts = Object.fromEntries(clock.entries().map(([one, count]) => [inOneWord(one), count]));
    lines.push(
      `${inOneWord(host)} ${JSON.stringify(counts)}`,
      inOneLine(eventSentence(event, context, language)),
    );
  }
  return [EXPRESSION, '', ...lines, ''].join('\n');
}

/** A host ends at the first blank; a file may call one as it likes. */
function inOneWord(host: string): string {
  return host.replace(/[\s\p{Cc}\p{Zl}\p{Zp}]/gu, '_');
}

/** What ends a line, for whoever reads it, would begin another event. */
function inOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').trim() || '?';
}
