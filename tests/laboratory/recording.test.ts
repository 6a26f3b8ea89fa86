import { describe, expect, it } from 'vitest';
import { KvsError } from '../../src/core/errors.js';
import { readRecording, RecordingReader } from '../../src/laboratory/read-recording.js';
import type { ReadRecording } from '../../src/laboratory/read-recording.js';
import { recordingLine, recordingText } from '../../src/laboratory/write-recording.js';
import { SMALL_RECORDING } from './recordings.js';

const text = recordingText(SMALL_RECORDING);
const lines = text.trimEnd().split('\n');

/** The recording with other fields in one event, as text. */
function changed(n: number, fields: object): string {
  return lines
    .map((line, at) => (at === n ? JSON.stringify({ ...(JSON.parse(line) as object), ...fields }) : line))
    .join('\n');
}

function refusal(of: string): string {
  try {
    readRecording(of);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(KvsError);
    expect((thrown as KvsError).code).toBe('DADOS_INVALIDOS');
    return (thrown as KvsError).message;
  }
  return 'none';
}

describe('a recording', () => {
  it('is read as it was written', () => {
    const read: ReadRecording = readRecording(text);
    expect(read).toEqual({ recording: SMALL_RECORDING, isTruncated: false });
    expect(recordingText(read.recording)).toBe(text);
  });

  it('is read line by line', () => {
    const reader = new RecordingReader();
    const { header, events } = SMALL_RECORDING;
    for (const line of [header, ...events]) reader.take(recordingLine(line).trimEnd());
    expect(reader.end().recording).toEqual(SMALL_RECORDING);
  });

  it('is whole without the end of its last line, and may have empty ones', () => {
    expect(readRecording(text.trimEnd()).isTruncated).toBe(false);
    expect(readRecording(`\r\n${lines.join('\r\n\r\n')}`).recording).toEqual(SMALL_RECORDING);
  });

  it('tolerates a last line that was cut anywhere, and says so', () => {
    const whole = lines.slice(0, -1).join('\n').length + 1;
    for (let length = whole + 1; length < text.length - 1; length++) {
      const { recording, isTruncated } = readRecording(text.slice(0, length));
      expect(isTruncated).toBe(true);
      expect(recording.events).toEqual(SMALL_RECORDING.events.slice(0, -1));
    }
  });

  it('keeps fields that a later program added', () => {
    expect(readRecording(changed(3, { later: [1] })).recording.events[2]).toMatchObject({ later: [1] });
  });

  it.each<[string, string, RegExp]>([
    ['nothing', '', /falta a primeira linha/],
    ['an event first', lines[1]!, /primeira linha deve ser um cabeçalho/],
    ['a newer format', changed(0, { format: 3 }), /formato 3, mais novo que este programa \(2\)/],
    [
      'another engine',
      changed(0, { engine: 'outro' }),
      /linha 1 .*"engine" deve ser um de frota, consenso, lider/,
    ],
    [
      'a host twice',
      changed(0, { hosts: [0, 0].map(() => SMALL_RECORDING.header.hosts[0]) }),
      /"n1" está duas/,
    ],
    [
      'a start of which there is no date',
      changed(0, { startedMs: 9_000_000_000_000_000 }),
      /linha 1 .*"startedMs" passa de 8640000000000000/,
    ],
    ['no JSON in the middle', text.replace('"kind":"sent"', '"kind":'), /linha 4 da gravação: não é JSON/],
    ['an unknown kind', changed(3, { kind: 'constructor' }), /linha 4 .*"kind" deve ser um de sent, relayed/],
    ['a list', [lines[0], '[]'].join('\n'), /linha 2 .*"kind" deve ser/],
    ['a number missing', lines.filter((_, at) => at !== 2).join('\n'), /linha 3 .*"n" é 3, esperado 2/],
    ['a wrong type', changed(2, { key: 7 }), /linha 3 da gravação: "key" deve ser um texto/],
    ['a field missing', changed(2, { key: undefined }), /linha 3 .*falta um campo: "key" deve ser um texto/],
    ['a wrong value', changed(6, { effect: 'x' }), /linha 7 .*"effect" deve ser um de applied, known/],
    ['a wrong inner value', changed(7, { lines: [{ value: 1 }] }), /linha 8 .*"lines\.0\.value"/],
    ['a text that is too long', changed(9, { text: 'x'.repeat(1001) }), /linha 10 .*"text" passa de 1000/],
    ['a negative count', changed(8, { keys: -1 }), /linha 9 .*"keys" deve ser no mínimo 0/],
    ['a wrong vector', changed(8, { vector: { a: 'x' } }), /linha 9 .*"vector" não serve/],
    ['an unknown host', changed(1, { host: 'n9' }), /linha 2 .*"host" é "n9", que não está entre os "hosts"/],
    ['a message from nowhere', changed(4, { message: 'm9' }), /linha 5 .*"m9" não saiu de ninguém antes/],
    ['an answer to nothing', changed(7, { call: '9' }), /linha 8 .*chamada "9" não foi feita antes/],
  ])('is refused with %s, naming line and field', (_, wrong, how) => {
    expect(refusal(wrong)).toMatch(how);
  });
});
