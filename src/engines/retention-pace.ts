import { assertRelation, limits } from '../core/limits.js';

/** How fast the retention goes: spread over time, so that nobody notices it. Tests make it faster. */
export interface RetentionPace {
  /** Between two turns of a walk. */
  readonly turnMs: number;
  /** Between two walks, and between two looks at the stored setting. */
  readonly restMs: number;
  /** Versions removed in one turn, and keys of which they are. */
  readonly versionsPerTurn: number;
  readonly keysPerTurn: number;
  /** No further key is begun in a turn after this. */
  readonly busyMs: number;
}

/**
 * 10,000,000 keys are walked over in a minute, or in a quarter of an hour if all have several versions; 5,000 versions
 * a second are removed, so a key of a million is cut in three minutes.
 */
export const defaultRetentionPace: RetentionPace = Object.freeze({
  turnMs: 25,
  restMs: 2_000,
  versionsPerTurn: 128,
  keysPerTurn: 64,
  busyMs: 2,
});

/** On replicas every stretch is a question to a majority. */
export const replicasRetentionPace: RetentionPace = Object.freeze({
  turnMs: 100,
  restMs: 10_000,
  versionsPerTurn: 256,
  keysPerTurn: 8,
  busyMs: 500,
});

for (const { versionsPerTurn } of [defaultRetentionPace, replicasRetentionPace])
  assertRelation(versionsPerTurn <= limits.discardDots, 'what one turn removes of a key is one discard');
