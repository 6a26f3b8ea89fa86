import type {
  Answers,
  Awaitable,
  Capabilities,
  Engine,
  OfKind,
  Query,
  Rows,
  Scan,
  Stream,
  Write,
} from '../../ports/engine.js';
import type { ReplicaReading } from './reading.js';

/**
 * An engine as one session sees it: reads are not older than what the session has seen. Writes go to the majority
 * anyway.
 */
export class SessionView implements Engine {
  readonly capabilities: Capabilities;
  readonly lineOf: Engine['lineOf'];

  constructor(
    private readonly engine: Engine,
    private readonly reading: ReplicaReading,
  ) {
    this.capabilities = engine.capabilities;
    this.lineOf = engine.lineOf;
  }

  read<K extends Query['kind']>(query: OfKind<Query, K>): Awaitable<Answers[K]> {
    return this.reading.read<K>(query);
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Awaitable<Answers[K]> {
    return this.engine.write<K>(write);
  }

  /**
   * The history of a key is always read from the majority: an import that asks is about to write by it. A watch begins
   * with what the majority has.
   */
  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]> {
    return scan.kind === 'history' || scan.kind === 'watch'
      ? this.engine.scan<K>(scan)
      : this.reading.scan<K>(scan);
  }
}
