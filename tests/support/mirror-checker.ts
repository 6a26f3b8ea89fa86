import type { TakenMessage } from './mirror-broker.js';

/** What a publisher's state ever showed, and shows at the end. */
export interface CheckedStore {
  readonly history: ReadonlyMap<string, readonly string[]>;
  values(): ReadonlyMap<string, string>;
}

/** What the mirror should cover. */
export interface Coverage {
  readonly prefixes: readonly string[];
  readonly mostTopics: number;
  /** The topic of a key; `undefined`: it has none. */
  readonly topicOf: (key: string) => string | undefined;
  readonly keyOf: (topic: string) => string | undefined;
}

/**
 * Judges a mirror from outside: by what the broker took, in its order, and by what it retains at the end. It knows
 * nothing of how the mirror works.
 */
export class MirrorChecker {
  readonly violations: string[] = [];
  /** For each publisher and topic, how far in the history of the key what it published is. */
  private readonly told = new Map<string, number>();

  constructor(
    private readonly coverage: Coverage,
    private readonly storeOf: (publisher: string) => CheckedStore | undefined,
  ) {}

  /** The broker took a message below `valor/`: nothing older than what this publisher published before. */
  taken({ topic, payload, by, retain }: TakenMessage): void {
    const store = by === undefined ? undefined : this.storeOf(by);
    if (by === undefined || store === undefined) return;
    if (!retain) this.violations.push(`${by} published ${topic} without retaining it`);
    const key = this.coverage.keyOf(topic);
    // What is no key's may be cleared only.
    const history = (key === undefined ? undefined : store.history.get(key)) ?? [''];
    const place = `${by} ${topic}`;
    const before = this.told.get(place) ?? 0;
    // A clear says that there is no value, or none that is covered or has room.
    const at = payload === '' ? before : history.indexOf(payload, before);
    if (at >= 0) this.told.set(place, at);
    else if (history.includes(payload))
      this.violations.push(`${by} published ${topic}: ${payload} after something newer`);
    else this.violations.push(`${by} published ${topic}: ${payload}, which was never there`);
  }

  /** At the end: the broker retains what the state says, and nothing else. */
  ended(retained: ReadonlyMap<string, string>, store: CheckedStore): void {
    const expected = new Map<string, string>();
    for (const [key, value] of store.values()) {
      const topic = this.coverage.topicOf(key);
      const isCovered = this.coverage.prefixes.some((prefix) => key.startsWith(prefix));
      if (topic !== undefined && isCovered && value !== '') expected.set(topic, value);
    }
    for (const [topic, payload] of retained) {
      const wanted = expected.get(topic);
      if (wanted === undefined) this.violations.push(`retained although nothing is there: ${topic}`);
      else if (wanted !== payload) this.violations.push(`retained ${topic}: ${payload}, not ${wanted}`);
    }
    const most = Math.min(expected.size, this.coverage.mostTopics);
    if (retained.size !== most) {
      const lacks = [...expected.keys()].filter((topic) => !retained.has(topic)).slice(0, 3);
      this.violations.push(
        `${String(retained.size)} topics retained, not ${String(most)}; without ${lacks.join(', ')}`,
      );
    }
  }
}
