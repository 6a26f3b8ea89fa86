import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingText } from '../../src/laboratory/early-end.js';
import { readRecording } from '../../src/laboratory/read-recording.js';
import type { RecordedEvent } from '../../src/laboratory/recording.js';
import { recordingLine, recordingText } from '../../src/laboratory/write-recording.js';
import { Recorder } from '../../src/supervisor/recorder.js';
import { fillDisk } from '../support/data-folder.js';
import { SMALL_RECORDING } from './recordings.js';

const { header } = SMALL_RECORDING;
/** So long that there are whole lines to give their place to the last one. */
const NOTES = 40;
const events: readonly RecordedEvent[] = [
  ...SMALL_RECORDING.events,
  ...Array.from({ length: NOTES }, (_, at): RecordedEvent => {
    const n = SMALL_RECORDING.events.length + 1 + at;
    return { kind: 'mark', n, t: 1_000 + at, host: 'n1', text: `anotação ${n}`.padEnd(60, '.') };
  }),
];

/** More than a mark and a line before it take. */
const MARK_ROOM = 1_400;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-full-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Records all, one event after the other, on a disk that takes so many bytes; the system itself cuts the write. */
async function recordedWithin(bytes: number, chunk = 1) {
  const file = join(folder, `${bytes}-${chunk}.jsonl`);
  const troubles: string[] = [];
  const about = { engine: header.engine, program: header.program, hosts: header.hosts };
  const recorder = new Recorder(
    about,
    file,
    (trouble) => troubles.push(trouble),
    () => header.startedMs * 1_000,
  );
  await fillDisk(process.pid, true, bytes);
  try {
    for (let at = 0; at < events.length; at += chunk) recorder.add(events.slice(at, at + chunk));
  } finally {
    await fillDisk(process.pid, false);
  }
  recorder.close();
  return { recorder, troubles, text: readFileSync(file, 'utf8') };
}

describe('a recording on a disk that is full', () => {
  const whole = recordingText({ header, events }).length;
  const first = recordingLine(header).length;
  const places = Array.from({ length: 12 }, (_, at) => first + 7 + Math.floor(((whole - first) * at) / 12));

  it.each(places)('stays readable, and says that it ends there: %i bytes', async (bytes) => {
    for (const chunk of [1, events.length]) {
      const { text, troubles, recorder } = await recordedWithin(bytes, chunk);
      expect(troubles.join()).toContain('não consigo mais gravar');
      expect(recorder.lines).toEqual(events.map(recordingLine));
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bytes);
      const read = readRecording(text);
      // The line that says so takes the place of whole ones, as soon as there are some.
      const says = bytes > first + MARK_ROOM ? /o disco não aceitou mais nada/ : /o disco|cortada no meio/;
      expect(missingText(read)).toMatch(says);
      const kept = read.recording.events.filter(
        (event) => event.kind !== 'mark' || !/disco/.test(event.text),
      );
      expect(kept).toEqual(events.slice(0, kept.length));
    }
  });

  it('misses nothing where the disk takes it all', async () => {
    const { text, troubles } = await recordedWithin(1_000_000);
    expect(troubles).toEqual([]);
    expect(missingText(readRecording(text))).toBeUndefined();
    expect(readRecording(text).recording.events).toEqual(events);
  });
});
