import { createReadStream } from 'node:fs';
import { KvsError } from '../core/errors.js';
import { textLines } from '../files/text-lines.js';
import { laboratoryLimits } from '../laboratory/limits.js';
import { RecordingReader } from '../laboratory/read-recording.js';
import type { ReadRecording } from '../laboratory/read-recording.js';
import type { Recording } from '../laboratory/recording.js';
import { recordingLine } from '../laboratory/write-recording.js';
import type { ShownLaboratory } from './laboratory.js';
import { refused } from './server-group.js';

/**
 * Reads a recording from a file, line by line.
 * @throws KvsError CONFIGURACAO if it cannot be read, DADOS_INVALIDOS if it is none; its message names the file
 */
export async function readRecordingFile(file: string): Promise<ReadRecording> {
  try {
    return await readLines(file);
  } catch (error) {
    const { code, message } = KvsError.from(error);
    throw message.includes(file) ? error : new KvsError(code, `${file}: ${message}`, { cause: error });
  }
}

async function readLines(file: string): Promise<ReadRecording> {
  const reader = new RecordingReader();
  // Which line is the last is known when there is none after it.
  let last: string | undefined;
  for await (const line of textLines(createReadStream(file), laboratoryLimits.lineBytes, file)) {
    if (last !== undefined) reader.take(last);
    last = line;
  }
  return reader.end(last);
}

/**
 * A recorded run, for a page: without servers, so that nothing can be done.
 * @param command by which others are started
 */
export function replayOf({ header, events }: Recording, command: string): ShownLaboratory {
  const shown = {
    headerLine: recordingLine(header),
    lines: events.map(recordingLine),
    startedMs: header.startedMs,
  };
  return {
    recording: () => shown,
    situation: () => ({ motor: header.engine, servidores: [] }),
    act: () => Promise.reject(refused(`esta é uma gravação: não há servidores; ${command} inicia outros`)),
    follow: () => () => undefined,
  };
}
