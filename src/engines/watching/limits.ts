import { assertRelation, KiB, MiB } from '../../core/limits.js';

/** What the watches of one server may take; a simulation lowers it. */
export const watchLimits = Object.freeze({
  /** Watches open at once; a further one is refused. */
  watches: 10_000,
  /** Events that wait for one reader, and their bytes; what comes then is read from the log once the reader comes. */
  watchQueueEvents: 256,
  watchQueueBytes: 1 * MiB,
  /** The bytes of all events that wait for readers. */
  watchAllQueueBytes: 64 * MiB,
  /** Events taken from the log at a time for a reader that is behind, and their bytes. */
  watchFillEvents: 64,
  watchFillBytes: 256 * KiB,
  /** Mutations that are passed over before other calls get their turn. */
  watchMutationsPerTurn: 4_096,
  /** A watch that has nothing to tell says where it is after this, and less often by up to a quarter. */
  watchQuietMs: 30_000,
  /** How often a server looks which watches are that quiet. */
  watchQuietLookMs: 2_000,
  /** Lines of a state that are read at once when a watch begins with it, and their bytes: a larger one is walked through. */
  watchPresentLines: 1_024,
  watchPresentBytes: 1 * MiB,
  /** States walked through at once: each makes removals dearer. Further watches wait for their turn. */
  watchWalks: 8,
  /** Memory of a walk for what is removed before it gets there; beyond, its reader must start again. */
  watchWalkBytes: 16 * MiB,
  /** A reader that takes nothing of its state for so long is ended: others wait for its turn. */
  watchWalkIdleMs: 30_000,
  /** What removals removed is kept as long as the log, and no more than this. */
  watchRemovedBytes: 32 * MiB,
  /** After so many batches the frontier is noted, if it has few dots, so that who goes on from near the end finds that soon. */
  watchMarkBatches: 256,
  watchMarkDots: 64,
  /** A watch that goes on from a token waits this long until this server has what the token stands for. */
  watchResumeWaitMs: 3_000,
  /** Dots of the place of a watch; beyond this it has no token. More than fit one. */
  watchTokenDots: 512,
  /** Mutations of which a reader has had a part, named by a token. */
  watchTokenParts: 8,
});

assertRelation(
  watchLimits.watchFillEvents <= watchLimits.watchQueueEvents,
  'what is taken from the log fits the queue',
);
assertRelation(
  watchLimits.watchAllQueueBytes >= 16 * watchLimits.watchQueueBytes,
  'one slow reader does not take the room of all others',
);
