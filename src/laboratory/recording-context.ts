import type { CallMade, MessageSent, Recording } from './recording.js';
import type { SentenceContext } from './sentences.js';

/** What sentences about a whole recording need to know. */
export function recordingContext({ header, events }: Recording): SentenceContext {
  const messages = new Map<string, MessageSent>();
  const calls = new Map<string, CallMade>();
  const origins = new Map<string, string>();
  for (const event of events) {
    if (event.kind === 'call') calls.set(event.call, event);
    if (event.kind !== 'sent') continue;
    messages.set(event.message, event);
    const origin = originOf(event);
    if (origin !== undefined && header.hosts.some(({ id, kind }) => id === event.host && kind === 'server')) {
      origins.set(origin, event.host);
    }
  }
  return {
    header,
    sent: (message) => messages.get(message),
    made: (call) => calls.get(call),
    nameOf: (origin) => origins.get(origin) ?? origin,
  };
}

/** The origin that a message between servers of a fleet comes from: the last part of its topic. */
function originOf({ topic }: MessageSent): string | undefined {
  return topic.startsWith('kvs/') ? topic.slice(topic.lastIndexOf('/') + 1) : undefined;
}
