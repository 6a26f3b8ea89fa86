import { BoundedMap } from '../../core/bounded-map.js';
import type { Fingerprint } from './retained-topics.js';

interface Expected {
  readonly prints: Fingerprint[];
  untilMs: number;
}

/**
 * What was published here and has not come back yet. On MQTT 3.1.1 a server hears what it publishes itself, and a
 * message does not say whose it is, so they are matched by topic and payload. A stranger's that is taken for one of
 * ours is made up for: ours then finds nothing that it matches. Bounded in number and time; what is forgotten costs a
 * correction that was not needed.
 */
export class ExpectedEchoes {
  private readonly expected: BoundedMap<string, Expected>;

  constructor(
    most: number,
    private readonly holdMs: number,
  ) {
    this.expected = new BoundedMap(most);
  }

  expect(name: string, print: Fingerprint, nowMs: number): void {
    const known = this.expected.get(name);
    const prints = known === undefined || known.untilMs <= nowMs ? [] : known.prints;
    prints.push(print);
    this.expected.put(name, { prints, untilMs: nowMs + this.holdMs });
  }

  /** Whether this message is one of ours. It is then no longer expected, nor is what was published before it. */
  consume(name: string, print: Fingerprint, nowMs: number): boolean {
    const known = this.expected.get(name);
    if (known === undefined) return false;
    const at = known.untilMs <= nowMs ? -1 : known.prints.indexOf(print);
    if (at >= 0) known.prints.splice(0, at + 1);
    if (known.prints.length === 0 || known.untilMs <= nowMs) this.expected.delete(name);
    return at >= 0;
  }
}
