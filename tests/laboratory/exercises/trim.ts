import type { RecordedEvent, Recording } from '../../../src/laboratory/recording.js';

/** Longest text of a message that a small recording keeps. */
const BODY_CHARS = 160;

/** Kinds of messages that only tell how their sender is. */
const PRESENCES: readonly string[] = ['presence', 'clockRequest', 'clockReply', 'PING', 'PONG'];

/** A recording without messages of presence, with short bodies, and counted anew. */
export function trimmed({ header, events }: Recording): Recording {
  const gone = new Set(
    events.flatMap((event) =>
      event.kind === 'sent' && PRESENCES.includes(event.type) ? [event.message] : [],
    ),
  );
  return {
    header,
    events: renumbered(events.filter((event) => !('message' in event && gone.has(event.message))).map(short)),
  };
}

/** Events as they are, counted from 1. */
export function renumbered(events: readonly RecordedEvent[]): RecordedEvent[] {
  return events.map((event, at) => ({ ...event, n: at + 1 }));
}

function short(event: RecordedEvent): RecordedEvent {
  if (event.kind !== 'sent' || event.body.length <= BODY_CHARS) return event;
  return { ...event, body: event.body.slice(0, BODY_CHARS), isCut: true };
}
