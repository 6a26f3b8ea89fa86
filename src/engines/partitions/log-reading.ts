import { LogEntry } from './log-entry.js';
import { partitionLimits } from './limits.js';
import type { NodeAnswer } from './node.js';

/** What a log has new. */
interface LogNews {
  readonly entries: readonly LogEntry[];
  /** The time of the last entry; 0: there is none. */
  readonly last: number;
  /** There may be more behind these. */
  readonly hasMore: boolean;
}

/**
 * What nodes answered for a log.
 * @param from the last entry known; 0: there was none; NaN: nothing is known
 * @returns `lost` if the log does not have what comes next any more, or is another one
 */
export function readLog(partition: number, from: number, answers: readonly NodeAnswer[]): LogNews | 'lost' {
  const [first, second] = answers;
  const found = first?.ok === true ? (first.reply as readonly RawEntry[]) : [];
  if (Number.isNaN(from)) {
    const [last] = found;
    return { entries: [], last: last === undefined ? 0 : timeOf(last), hasMore: false };
  }
  const hasMore = found.length > partitionLimits.logEntries;
  if (from > 0) {
    const [known, ...rest] = found;
    if (known === undefined || timeOf(known) !== from) return 'lost';
    return news(partition, rest, from, hasMore);
  }
  if (found.length > 0 && hasForgotten(second)) return 'lost';
  return news(partition, found, 0, hasMore);
}

type RawEntry = readonly [id: Buffer, fields: readonly [what: Buffer, text: Buffer]];

function news(partition: number, found: readonly RawEntry[], from: number, hasMore: boolean): LogNews {
  const entries = found.map((raw) => new LogEntry(partition, timeOf(raw), String(raw[1][0]), raw[1][1]));
  return { entries, last: entries.at(-1)?.us ?? from, hasMore };
}

function timeOf([id]: RawEntry): number {
  return parseInt(id.toString('latin1'), 10);
}

/** Whether a log had entries that it does not have any more, by what `XINFO STREAM` answers. */
function hasForgotten(info: NodeAnswer | undefined): boolean {
  if (info?.ok !== true) return true;
  const facts = new Map<string, unknown>();
  const reply = info.reply as object;
  if (Array.isArray(reply)) {
    for (let at = 0; at + 1 < reply.length; at += 2) facts.set(String(reply[at]), reply[at + 1]);
  } else for (const [name, value] of Object.entries(reply)) facts.set(name, value);
  return Number(facts.get('entries-added')) > Number(facts.get('length'));
}
