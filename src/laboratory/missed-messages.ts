import { laboratoryLimits } from './limits.js';
import type { HostChanged } from './recording.js';

/** A message that the broker passed on while some of those it was for were cut off. */
interface Passed {
  readonly t: number;
  /** When the recorder told of it. */
  readonly atMs: number;
  readonly awaited: Set<string>;
}

/** A host that did not get a message. */
interface Miss {
  readonly message: string;
  readonly host: string;
  readonly t: number;
}

/**
 * Whom a message of a fleet did not reach. A server that is isolated tells nothing of what passes meanwhile, and the broker
 * keeps nothing for it: what it does not tell in time to have got, it never gets.
 */
export class MissedMessages {
  private readonly running = new Set<string>();
  /** Servers that are isolated, and since when. */
  private readonly cutOff = new Map<string, number>();
  /** By message, in the order in which they were told. */
  private readonly open = new Map<string, Passed>();

  /** @param servers every one of which is to get what is published */
  constructor(private readonly servers: ReadonlySet<string>) {}

  changed({ host, change, t }: Pick<HostChanged, 'host' | 'change' | 't'>): void {
    if (!this.servers.has(host)) return;
    switch (change) {
      case 'started':
      case 'serving':
        this.running.add(host);
        break;
      case 'isolated':
        if (!this.cutOff.has(host)) this.cutOff.set(host, t);
        break;
      case 'connected':
        this.cutOff.delete(host);
        break;
      case 'killed':
      case 'ended':
        this.running.delete(host);
        this.cutOff.delete(host);
        break;
      default:
    }
  }

  /** The broker passed a message on. @param to absent: to every subscriber */
  passed(message: string, from: string, to: string | undefined, t: number, nowMs: number): void {
    const awaited = new Set<string>();
    for (const [host, sinceMs] of this.cutOff) {
      if (host !== from && (to ?? host) === host && t >= sinceMs) awaited.add(host);
    }
    if (awaited.size === 0) return;
    this.open.set(message, { t, atMs: nowMs, awaited });
  }

  /** It has arrived somewhere, or was dropped there. */
  arrived(message: string, host: string): void {
    this.open.get(message)?.awaited.delete(host);
  }

  /** Who misses a message that was dropped as it left. */
  without(from: string, to: string | undefined): readonly string[] {
    return [...this.servers].filter(
      (host) => host !== from && (to ?? host) === host && this.running.has(host),
    );
  }

  /** Those that are certain by now. */
  due(nowMs: number): readonly Miss[] {
    const misses: Miss[] = [];
    for (const [message, { t, atMs, awaited }] of this.open) {
      const isEarly = nowMs - atMs < laboratoryLimits.inferMs;
      if (isEarly && this.open.size <= laboratoryLimits.openMessages) break;
      this.open.delete(message);
      for (const host of awaited) misses.push({ message, host, t });
    }
    return misses;
  }
}
