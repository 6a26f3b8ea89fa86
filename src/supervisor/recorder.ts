import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { wallUs } from '../app/system-time.js';
import { KvsError } from '../core/errors.js';
import { RECORDING_FORMAT } from '../laboratory/recording.js';
import type {
  RecordedEngine,
  RecordedEvent,
  RecordedHost,
  RecordingHeader,
} from '../laboratory/recording.js';
import { diskMark, limitMark } from '../laboratory/early-end.js';
import { laboratoryLimits } from '../laboratory/limits.js';
import { recordingLine } from '../laboratory/write-recording.js';
import { reasonOf } from '../files/small-file.js';

/** A reader of the lines of a recording. */
type OnLines = () => void;

/** One recording as it grows: its lines in memory, and in a file. */
export class Recorder {
  readonly header: RecordingHeader;
  /** Wall clock at `t` 0. */
  private readonly startMs: number;
  private readonly told: string[] = [];
  private bytes: number;
  private fd: number | undefined;
  private isFull = false;
  /** Bytes of the file. */
  private written = 0;
  private readonly readers = new Set<OnLines>();

  /**
   * @param file is made anew
   * @param onTrouble told in Portuguese why the file ends early
   * @param clockUs the machine's wall clock, µs since 1970
   * @throws KvsError CONFIGURACAO if there can be no such file
   */
  constructor(
    about: {
      readonly engine: RecordedEngine;
      readonly program: string;
      readonly hosts: readonly RecordedHost[];
    },
    readonly file: string,
    private readonly onTrouble: (problem: string) => void,
    private readonly clockUs: () => number = wallUs,
  ) {
    this.startMs = clockUs() / 1_000;
    const { engine, program, hosts } = about;
    this.header = {
      ...{ kind: 'recording', format: RECORDING_FORMAT, engine },
      ...{ startedMs: Math.round(this.startMs), program, hosts },
    };
    const first = recordingLine(this.header);
    this.bytes = Buffer.byteLength(first);
    try {
      this.fd = openSync(file, 'w', 0o600);
    } catch (error) {
      throw new KvsError('CONFIGURACAO', `não consigo gravar em ${file}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    this.write(first);
  }

  /** ms since the start, by the clock that servers tell by: it goes on while the machine sleeps, a monotonic one does not. */
  get now(): number {
    return this.at(this.clockUs());
  }

  /** The same for a moment that a server tells, µs since 1970. */
  at(us: number): number {
    return us / 1_000 - this.startMs;
  }

  /** The first line, with its end. */
  get headerLine(): string {
    return recordingLine(this.header);
  }

  /** The lines of the events so far, each with its end. */
  get lines(): readonly string[] {
    return this.told;
  }

  add(events: readonly RecordedEvent[]): void {
    let text = '';
    for (const event of events) {
      const line = this.fitting(event);
      if (line === undefined) break;
      this.told.push(line);
      text += line;
    }
    if (text === '') return;
    this.write(text);
    for (const tell of this.readers) tell();
  }

  /** @returns what ends it */
  follow(onLines: OnLines): () => void {
    this.readers.add(onLines);
    return () => this.readers.delete(onLines);
  }

  /** No more is recorded; what is in memory stays to be read. */
  close(): void {
    this.isFull = true;
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  /** The line of an event; the last one that fits says that it is the last. */
  private fitting(event: RecordedEvent): string | undefined {
    if (this.isFull) return undefined;
    const line = recordingLine(event);
    const bytes = this.bytes + Buffer.byteLength(line);
    const { events, recordingBytes } = laboratoryLimits;
    if (this.told.length + 1 < events && bytes + LAST_BYTES < recordingBytes) {
      this.bytes = bytes;
      return line;
    }
    this.isFull = true;
    const mark = limitMark(event);
    this.onTrouble(mark.text);
    return recordingLine(mark);
  }

  private write(text: string): void {
    if (this.fd === undefined) return;
    const bytes = Buffer.from(text);
    try {
      // A disk that is nearly full takes a part, and says nothing of the rest.
      for (let at = 0; at < bytes.length;) {
        const taken = writeSync(this.fd, bytes, at);
        at += taken;
        this.written += taken;
      }
    } catch (error) {
      const why = reasonOf(error);
      this.endFile(this.fd, why);
      closeSync(this.fd);
      this.fd = undefined;
      this.onTrouble(
        `não consigo mais gravar em ${this.file}: ${why}; a página tem a gravação inteira: baixe-a de lá`,
      );
    }
  }

  /** The file bears no more. Its last lines, one of which may be cut, give their place to one that says so. */
  private endFile(fd: number, why: string): void {
    let end = Buffer.byteLength(this.headerLine);
    const lost = this.told.findIndex((line) => {
      const next = end + Buffer.byteLength(line);
      if (next + LAST_BYTES > this.written) return true;
      end = next;
      return false;
    });
    const first = this.told[lost];
    if (first === undefined) return;
    const mark = diskMark(JSON.parse(first) as RecordedEvent, why);
    try {
      ftruncateSync(fd, end);
      const bytes = Buffer.from(recordingLine(mark));
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, undefined, end + at);
    } catch {
      // Then it ends with a whole line, or with one that is cut, and whoever reads it says that.
    }
  }
}

/** Room for a line that says that the recording ends. */
const LAST_BYTES = 1_024;
