import type { Line } from '../../ports/lines.js';
import type { WatchEvent } from '../../ports/watch.js';
import { endOfPlace, keyOfPlace } from './layout.js';
import { lineOfMaster } from './reads.js';
import { rowOfRecord, wholeAt } from './records.js';

type LineEvent = Extract<WatchEvent, { readonly line: Line }>;

/** Bytes of one version that was removed: `version4 timestamp8 expires8 expired1`. */
const REMOVED_BYTES = 21;

/** What a log says of a change: see functions.lua. */
export class LogEntry {
  readonly key: string;
  private readonly rest: Buffer;
  private known: readonly LineEvent[] | undefined;

  /**
   * @param us when it happened, in microseconds of its master
   * @param what `k`: a version was added, `d`: versions were removed, `l`: more than the log takes
   */
  constructor(
    readonly partition: number,
    readonly us: number,
    private readonly what: string,
    text: Buffer,
  ) {
    const from = what === 'k' ? 1 : 0;
    const end = endOfPlace(text, from);
    this.key = keyOfPlace(text.subarray(from, end));
    this.rest = text.subarray(end);
  }

  /** Estimated memory. */
  get bytes(): number {
    return 200 + this.key.length + this.rest.length;
  }

  /** Whether the log does not tell what was removed. */
  get isLost(): boolean {
    return this.what === 'l';
  }

  get events(): readonly LineEvent[] {
    return (this.known ??= this.what === 'k' ? [this.added()] : [...this.removed()]);
  }

  private added(): LineEvent {
    return { kind: 'insert', line: lineOfMaster(rowOfRecord(this.key, this.rest), true) };
  }

  private *removed(): Generator<LineEvent> {
    const { key, rest } = this;
    for (let at = 0; at + REMOVED_BYTES <= rest.length; at += REMOVED_BYTES) {
      const expiresAt = wholeAt(rest, at + 12);
      const row = { key, value: '', version: rest.readUInt32BE(at), timestamp: wholeAt(rest, at + 4) };
      // As every engine has it, what is gone is neither a head nor stable.
      const gone = lineOfMaster(expiresAt === 0 ? row : { ...row, expiresAt }, false);
      yield { kind: rest[at + 20] === 1 ? 'expire' : 'remove', line: { ...gone, isStable: false } };
    }
  }
}

/** The order in which changes of several partitions are told. */
export function byTime(one: LogEntry, other: LogEntry): number {
  return one.us - other.us || one.partition - other.partition;
}
