import { Durations } from '../../core/durations.js';

/** Figures of the journal since the start, for logs and metrics. */
export class JournalCounters {
  /** Groups of local writes that are durable, */
  groups = 0;
  /** and the writes in them. */
  writes = 0;
  /** Batches of peers handed to it. */
  received = 0;
  /** States written. */
  checkpoints = 0;
  /** Times that the disk began to refuse. */
  failures = 0;
  /** Appends to the log, each synced, whether they succeeded or not. */
  readonly syncs = new Durations();
}
