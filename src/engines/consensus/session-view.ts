import type { Attempt } from '../../core/attempt.js';
import type {
  Awaitable,
  Capabilities,
  Commit,
  Engine,
  Head,
  Inserted,
  Put,
  RangeRow,
  Row,
  Stream,
} from '../../ports/engine.js';
import type { ReplicaReading } from './reading.js';

/** An engine as one session sees it: what it reads is not older than what the session has seen. Writes ask the majority anyway. */
export class SessionView implements Engine {
  readonly capabilities: Capabilities;

  constructor(
    private readonly engine: Engine,
    private readonly reading: ReplicaReading,
  ) {
    this.capabilities = engine.capabilities;
  }

  query(key: string, version: number | undefined): Awaitable<Row | undefined> {
    return this.reading.query(key, version);
  }

  queryAt(key: string, timestamp: number | undefined): Awaitable<Row | undefined> {
    return this.reading.queryAt(key, timestamp);
  }

  snapshot(version: number | undefined): Stream<Row> {
    return this.reading.snapshot(version);
  }

  versions(key: string): Stream<Row> {
    return this.engine.versions(key);
  }

  everything(): Stream<Row> {
    return this.reading.everything();
  }

  range(from: string, to: string, timestamp: number | undefined): Stream<RangeRow> {
    return this.reading.range(from, to, timestamp);
  }

  insert(key: string, value: string, attempt?: Attempt): Awaitable<Inserted> {
    return this.engine.insert(key, value, attempt);
  }

  put(key: string, value: string, attempt?: Attempt): Awaitable<Put> {
    return this.engine.put(key, value, attempt);
  }

  remove(key: string, version: number | undefined): Awaitable<void> {
    return this.engine.remove(key, version);
  }

  removeAll(key: string): Awaitable<Row | undefined> {
    return this.engine.removeAll(key);
  }

  trim(key: string): Awaitable<Row | undefined> {
    return this.engine.trim(key);
  }

  commit(change: Commit): Awaitable<boolean> {
    return this.engine.commit(change);
  }

  heads(key: string): Awaitable<readonly Head[]> {
    return this.reading.heads(key);
  }
}
