import type { ReadRecording } from './read-recording.js';
import type { RecordedEvent, StepMarked } from './recording.js';

/** How marks begin by which a recorder says that it went no further. */
const LIMIT = 'a gravação chegou ao seu limite e termina aqui';
const DISK = 'o disco não aceitou mais nada, e a gravação termina aqui';

/** @param event whose place it takes */
export function limitMark(event: RecordedEvent): StepMarked {
  return markAt(event, `${LIMIT}; recomece para gravar outra`);
}

/** @param event whose place it takes @param why in Portuguese */
export function diskMark(event: RecordedEvent, why: string): StepMarked {
  return markAt(event, `${DISK} (${why})`);
}

/** What a recording misses at its end, in Portuguese; `undefined`: nothing that can be known. */
export function missingText({ recording, isTruncated }: ReadRecording): string | undefined {
  if (isTruncated) return 'a última linha está cortada no meio; vale o que vem antes dela';
  const last = recording.events.at(-1);
  const isEarly = last?.kind === 'mark' && (last.text.startsWith(LIMIT) || last.text.startsWith(DISK));
  return isEarly ? last.text : undefined;
}

function markAt({ n, t, host }: RecordedEvent, text: string): StepMarked {
  return { kind: 'mark', n, t, host, text };
}
