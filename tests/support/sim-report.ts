import type { LifeCounts } from './sim-life.js';
import type { SiegeReport } from './sim-siege.js';
import type { SessionCounts } from './sim-session.js';
import type { WatchingCounts } from './sim-watching.js';

/** How many servers of a run have journals. */
export type Journals = 'none' | 'some' | 'all';

/** Who takes part in a run, and how. */
export interface RunOptions {
  /** Whose servers have journals; nobody's, if it is not said. */
  readonly journals?: Journals;
  /** Whether servers wait for the tokens of sessions. */
  readonly sessionsWait?: boolean;
  /** Whether somebody has the broker, of a fleet with a key or of one without; nobody, if it is not said. */
  readonly siege?: 'sealed' | 'plain';
  /** How many readers watch; nobody, if it is not said. */
  readonly watchers?: number;
}

/** What one run went through. */
export interface SeedReport {
  readonly servers: number;
  readonly mutations: number;
  /** State transfers joined while others went on writing. */
  readonly joinedWhileWriting: number;
  readonly joined: number;
  readonly discarded: number;
  /** Batches that came from a peer's log. */
  readonly logBatches: number;
  readonly siblings: boolean;
  readonly crashes: number;
  /** Times that the whole fleet began, once at least. */
  readonly lives: number;
  /** Times that a disk was full, and that an old copy of a folder was started. */
  readonly fullDisks: number;
  readonly oldCopies: number;
  /** Writes acknowledged by servers with journals: promises, all checked. */
  readonly promised: number;
  /** Commits of several mutations: steps that nobody ever saw a part of at their writer. */
  readonly commits: number;
  /** Clients that moved between servers with session tokens. */
  readonly sessions: SessionCounts;
  /** Readers that moved between servers with the tokens of watches. */
  readonly watches: WatchingCounts;
  /** Expiry, floors and retention. */
  readonly life: LifeCounts;
  /** Of a fleet that was attacked. */
  readonly siege: SiegeReport | undefined;
  /** Virtual ms from the healing of everything to equal servers. */
  readonly convergedMs: number;
  /** Virtual ms of the whole run. */
  readonly virtualMs: number;
}
