import type { RecordedEvent } from './recording.js';

/** How many events of each host an event has come to know of, its own among them. */
interface VectorClock {
  /** 0: of none. */
  of(host: string): number;
  /** Of the hosts of whom it knows. */
  entries(): [host: string, count: number][];
}

/** One step of one host, as a vector clock counts it. */
export interface ClockedStep {
  readonly host: string;
  readonly clock: VectorClock;
  readonly event: RecordedEvent;
}

/**
 * Every event as steps of hosts, with vector clocks, in the order of the recording. A call is a step of its client and then
 * of its server, an answer of its server and then of its client: something went from one to the other. Of two steps of one
 * host the later one knows of the earlier; a message tells its receivers what its sender knew, and the broker in between. A
 * message that was missed is no step of whoever missed it, who knows nothing of it.
 */
export function* clockedSteps(events: Iterable<RecordedEvent>): Generator<ClockedStep, void> {
  const clocks = new HostClocks();
  const messages = new Map<string, CountedClock>();
  const clients = new Map<string, string>();
  for (const event of events) {
    const { host } = event;
    switch (event.kind) {
      case 'sent':
      case 'relayed': {
        const clock = clocks.step(host, messages.get(event.message));
        messages.set(event.message, clock);
        yield { host, clock, event };
        break;
      }
      case 'received':
      case 'dropped':
        yield { host, clock: clocks.step(host, messages.get(event.message)), event };
        break;
      case 'missed':
        break;
      case 'call': {
        const { client } = event;
        clients.set(event.call, client);
        const clock = clocks.step(client);
        yield { host: client, clock, event };
        yield { host, clock: clocks.step(host, clock), event };
        break;
      }
      case 'answer': {
        const client = clients.get(event.call);
        const clock = clocks.step(host);
        yield { host, clock, event };
        if (client !== undefined) yield { host: client, clock: clocks.step(client, clock), event };
        break;
      }
      default:
        yield { host, clock: clocks.step(host), event };
    }
  }
}

/** Whether one step happened before another, or can have caused it. */
export function happensBefore(one: ClockedStep, other: ClockedStep): boolean {
  const known = other.clock.of(one.host);
  const own = one.clock.of(one.host);
  return one.host === other.host ? own < known : own <= known;
}

/** The hosts of one recording, numbered as they appear. */
class HostNumbers {
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  known(host: string): number | undefined {
    return this.numbers.get(host);
  }

  of(host: string): number {
    const known = this.numbers.get(host);
    if (known !== undefined) return known;
    this.numbers.set(host, this.names.length);
    return this.names.push(host) - 1;
  }
}

/** Counts by the number of their host: a recording has as many clocks as steps, so each is small. */
class CountedClock implements VectorClock {
  constructor(
    private readonly hosts: HostNumbers,
    readonly counts: Uint32Array,
  ) {}

  of(host: string): number {
    const at = this.hosts.known(host);
    return at === undefined ? 0 : (this.counts[at] ?? 0);
  }

  entries(): [host: string, count: number][] {
    return Array.from(this.counts, (count, at): [string, number] => [
      this.hosts.names[at] ?? '',
      count,
    ]).filter(([, count]) => count > 0);
  }
}

class HostClocks {
  private readonly numbers = new HostNumbers();
  private readonly clocks: (CountedClock | undefined)[] = [];

  step(host: string, cause?: CountedClock): CountedClock {
    const at = this.numbers.of(host);
    const before = this.clocks[at]?.counts ?? NOTHING;
    const caused = cause?.counts ?? NOTHING;
    const counts = new Uint32Array(Math.max(before.length, caused.length, at + 1));
    counts.set(before);
    caused.forEach((count, index) => {
      if (count > (counts[index] ?? 0)) counts[index] = count;
    });
    counts[at] = (counts[at] ?? 0) + 1;
    const clock = new CountedClock(this.numbers, counts);
    this.clocks[at] = clock;
    return clock;
  }
}

const NOTHING = new Uint32Array(0);
