import type {
  Answers,
  Capabilities,
  Engine,
  OfKind,
  Query,
  Rows,
  Scan,
  Stream,
  Write,
} from '../../ports/engine.js';
import type { PartitionReading } from './reading.js';
import type { SessionCaller } from './session-caller.js';

/** What a session needs of its engine. */
interface SessionDeps {
  readonly engine: Engine;
  readonly caller: SessionCaller;
  readonly reading: PartitionReading;
  readonly write: (write: Write) => Promise<Answers[Write['kind']]>;
  /** Deadline for a request sent now. */
  readonly deadline: () => number;
}

/** The engine of partitions as one call of a session sees it: nothing that it answers is older than what was seen. */
export class PartitionSession implements Engine {
  readonly capabilities: Capabilities;
  readonly lineOf: Engine['lineOf'];

  constructor(private readonly deps: SessionDeps) {
    this.capabilities = deps.engine.capabilities;
    this.lineOf = deps.engine.lineOf;
  }

  /** What the session has seen by now. */
  get token(): string {
    return this.deps.caller.seen.toText();
  }

  read<K extends Query['kind']>(query: OfKind<Query, K>): Promise<Answers[K]> {
    return this.deps.reading.read<K>(query);
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Promise<Answers[K]> {
    return this.deps.write(write) as Promise<Answers[K]>;
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
  scan(scan: Scan): Stream<Rows[Scan['kind']]> {
    if (scan.kind !== 'watch') return this.deps.reading.scan(scan);
    const { engine, caller, deadline } = this.deps;
    const watched = engine.scan(scan) as AsyncIterable<Rows['watch']>;
    return {
      // A watch is ended while it waits: a generator around it would wait for it.
      [Symbol.asyncIterator]: () => {
        const events = watched[Symbol.asyncIterator]();
        let reached: Promise<void> | undefined;
        return {
          next: async () => {
            await (reached ??= caller.reachAll(deadline()));
            return events.next();
          },
          return: async () => (await events.return?.()) ?? { done: true, value: undefined },
        };
      },
    };
  }
}
