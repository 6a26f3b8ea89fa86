/** An insert as its writer knows it. Values are unique. */
export interface RecordedInsert {
  readonly key: string;
  readonly value: string;
  /** When it was asked for, and when it was answered: moments of one clock. Without the second nobody knows whether it was done. */
  readonly askedMs: number;
  readonly answeredMs?: number | undefined;
}

/** An event as a watcher got it. */
export interface RecordedEvent {
  readonly kind: string;
  readonly key: string;
  readonly version: number;
  readonly value: string;
}

/**
 * What is wrong with histories of watchers that all watched everything from the beginning, on an engine that puts all
 * writes in one order: events missed, repeated, or in another order than that of the writes.
 */
export function watchFaults(
  inserts: readonly RecordedInsert[],
  watchers: readonly (readonly RecordedEvent[])[],
): string[] {
  const faults: string[] = [];
  const written = new Map(inserts.map((insert) => [insert.value, insert]));
  for (const [name, events] of watchers.entries()) {
    const say = (what: string): void => void faults.push(`watcher ${name}: ${what}`);
    const told = new Set<string>();
    const latest = new Map<string, number>();
    let askedMs = -Infinity;
    for (const event of events) {
      const { kind, key, version, value } = event;
      const text = shortText(event);
      const id = `${kind === 'insert' ? 'insert' : 'gone'} ${key}@${version}`;
      if (told.has(id)) say(`repeated ${text}`);
      told.add(id);
      if (kind !== 'insert') {
        if (!told.has(`insert ${key}@${version}`)) say(`${text} before its insert`);
        continue;
      }
      if (version <= (latest.get(key) ?? 0)) say(`${text} after version ${latest.get(key)}`);
      latest.set(key, Math.max(version, latest.get(key) ?? 0));
      const insert = written.get(value);
      if (insert?.key !== key) {
        say(`${text}, which nobody wrote`);
        continue;
      }
      // What was told before was asked for only after this was answered.
      if ((insert.answeredMs ?? Infinity) < askedMs) say(`${text} after a later write`);
      askedMs = Math.max(askedMs, insert.askedMs);
    }
    const values = new Set(events.map(({ value }) => value));
    for (const { key, value, answeredMs } of inserts) {
      if (answeredMs !== undefined && !values.has(value)) say(`missed ${key}=${value}`);
    }
    const first = watchers[0] ?? [];
    const at = events.findIndex((event, index) => shortText(event) !== textAt(first, index));
    if (at >= 0) say(`${textAt(events, at)} as number ${at}, where watcher 0 has ${textAt(first, at)}`);
    else if (events.length !== first.length) say(`${events.length} events, and watcher 0 ${first.length}`);
  }
  return faults;
}

function shortText({ kind, key, version, value }: RecordedEvent): string {
  return `${kind} ${key}@${version}=${value}`;
}

function textAt(events: readonly RecordedEvent[], index: number): string {
  const event = events[index];
  return event === undefined ? 'nothing' : shortText(event);
}
