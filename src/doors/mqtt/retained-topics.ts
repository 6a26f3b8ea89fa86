import { hash } from 'node:crypto';
import type { MirrorTuning } from './tuning.js';

/** What tells payloads apart, in a few bytes. */
export type Fingerprint = string;

/** The fingerprint of an empty payload: that of a topic without a retained message. */
export const NO_PAYLOAD: Fingerprint = '';

/** The fingerprint of a payload; that of a text is the one of its UTF-8 bytes. */
export function fingerprintOf(payload: string | Buffer): Fingerprint {
  return payload.length === 0 ? NO_PAYLOAD : hash('sha1', payload, 'base64url');
}

interface Retained {
  /** `undefined`: the broker retains something, or nothing, and it is not known what. */
  print: Fingerprint | undefined;
  bytes: number;
  /** The walk that last came by. */
  walk: number;
}

/**
 * What the broker retains below `valor/`, as far as this server knows: by the rest of the topic, fingerprints instead
 * of payloads. Bounded in number; what is published is bounded in bytes too.
 */
export class RetainedTopics {
  private readonly topics = new Map<string, Retained>();
  /** Further topics at which the broker retains something, whatever it is. */
  private readonly others = new Set<string>();
  private total = 0;

  constructor(
    private readonly mostTopics: number,
    private readonly tuning: Pick<MirrorTuning, 'bytes' | 'topicBytes' | 'otherTopics'>,
  ) {}

  get size(): number {
    return this.topics.size;
  }

  /** Bytes of the payloads, and of what a broker keeps beside each. */
  get bytes(): number {
    return this.total;
  }

  /** What the broker retains there: `undefined` if that is not known. */
  printOf(name: string): Fingerprint | undefined {
    const known = this.topics.get(name);
    if (known !== undefined) return known.print;
    return this.others.has(name) ? undefined : NO_PAYLOAD;
  }

  /** Whether one more topic can be remembered. */
  get hasRoom(): boolean {
    return this.topics.size < this.mostTopics;
  }

  /** Whether a topic may have a payload of so many bytes. */
  fits(name: string, payloadBytes: number): boolean {
    const known = this.topics.get(name);
    const bytes = this.total - (known?.bytes ?? 0) + this.bytesOf(name, payloadBytes);
    return (known !== undefined || this.hasRoom) && bytes <= this.tuning.bytes;
  }

  /**
   * Remembers what the broker retains at a topic. Where there is no room for it, that there is something.
   * @returns `false` if there is no room for that either
   */
  put(name: string, print: Fingerprint | undefined, payloadBytes: number, walk: number): boolean {
    const bytes = this.bytesOf(name, payloadBytes);
    const known = this.topics.get(name);
    if (known === undefined) {
      if (!this.hasRoom) {
        if (!this.others.has(name) && this.others.size >= this.tuning.otherTopics) return false;
        this.others.add(name);
        return true;
      }
      this.others.delete(name);
      this.topics.set(name, { print, bytes, walk });
      this.total += bytes;
      return true;
    }
    this.total += bytes - known.bytes;
    known.print = print;
    known.bytes = bytes;
    known.walk = walk;
    return true;
  }

  /** Remembers what the broker retains at a known topic, of the size that was noted. */
  settle(name: string, print: Fingerprint | undefined): void {
    const known = this.topics.get(name);
    if (known !== undefined) known.print = print;
  }

  delete(name: string): void {
    this.others.delete(name);
    const known = this.topics.get(name);
    if (known === undefined) return;
    this.total -= known.bytes;
    this.topics.delete(name);
  }

  /** A walk came by. */
  mark(name: string, walk: number): void {
    const known = this.topics.get(name);
    if (known !== undefined) known.walk = walk;
  }

  /** The topics that this walk has not come by, and those of which no more is known than that there is something. */
  *passedOverBy(walk: number): Generator<string> {
    yield* this.others;
    for (const [name, known] of this.topics) if (known.walk !== walk) yield name;
  }

  private bytesOf(name: string, payloadBytes: number): number {
    return payloadBytes === 0 ? 0 : payloadBytes + name.length + this.tuning.topicBytes;
  }
}
