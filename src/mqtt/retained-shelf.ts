import { brokerLimits } from './limits.js';
import { coversFilter } from './topic-rules.js';

/** Where servers keep what anybody may find who comes later: values of keys, and what the mirror of them covers. */
const KEPT = /^kvs\/[^/]+\/(?:valor\/|espelho$)/;

/** Topics that are compared with a filter before other work of the broker gets its turn. */
const TOPICS_BEFORE_PAUSE = 1_024;

interface Kept {
  readonly payload: Buffer;
  readonly bytes: number;
}

/** A message that is retained: its payload is the one at the moment when it is asked for. */
export interface RetainedMessage {
  readonly topic: string;
  /** Empty: none is retained any more. */
  readonly payload: Buffer;
}

/**
 * What the embedded broker retains. Bounded in number and bytes; what does not fit is delivered and not retained, nor is
 * anything older at its topic.
 */
export class RetainedShelf {
  private readonly topics = new Map<string, Kept>();
  private total = 0;
  private refusals = 0;

  get size(): number {
    return this.topics.size;
  }

  /** Bytes of payloads and topics, and of what is kept beside them. */
  get bytes(): number {
    return this.total;
  }

  /** Messages that there was no room for, since the start. */
  get refused(): number {
    return this.refusals;
  }

  /** Whether messages at a topic may be retained at all. */
  static takes(topic: string): boolean {
    return KEPT.test(topic);
  }

  /**
   * Retains a message, or (empty) none any more.
   * @returns `false` if there was no room
   */
  put(topic: string, payload: string | Buffer): boolean {
    const before = this.topics.get(topic)?.bytes ?? 0;
    // A copy: what came over a connection is a part of all that was read with it.
    const copy = Buffer.from(payload);
    const bytes = copy.length + Buffer.byteLength(topic) + brokerLimits.retainedTopicBytes;
    const isFull = before === 0 && this.topics.size >= brokerLimits.retainedTopics;
    const fits = !isFull && this.total - before + bytes <= brokerLimits.retainedBytes;
    if (copy.length > 0 && fits) {
      this.topics.set(topic, { payload: copy, bytes });
      this.total += bytes - before;
      return true;
    }
    this.topics.delete(topic);
    this.total -= before;
    if (copy.length > 0) this.refusals++;
    return copy.length === 0;
  }

  /** What is retained at the topics of a filter; `undefined` for a pause. */
  *matching(filter: string): Generator<RetainedMessage | undefined> {
    const wildcard = filter.search(/[+#]/);
    // `a/#` matches `a` too.
    if (wildcard >= 0) yield* this.below(filter, filter.slice(0, Math.max(0, wildcard - 1)));
    else if (this.topics.has(filter)) yield this.messageAt(filter);
  }

  private *below(filter: string, start: string): Generator<RetainedMessage | undefined> {
    let looked = 0;
    for (const topic of this.topics.keys()) {
      if (++looked % TOPICS_BEFORE_PAUSE === 0) yield undefined;
      if (topic.startsWith(start) && coversFilter(filter, topic)) yield this.messageAt(topic);
    }
  }

  private messageAt(topic: string): RetainedMessage {
    const { topics } = this;
    return {
      topic,
      get payload() {
        return topics.get(topic)?.payload ?? NOTHING;
      },
    };
  }
}

const NOTHING = Buffer.alloc(0);
