import { limits } from '../../../../core/limits.js';

/** The limits and times that a sealed channel obeys; a simulation makes them small to reach every corner. */
export type SealTuning = {
  readonly [name in Name]: number;
};

type Name = Extract<
  keyof typeof limits,
  | 'sealKeysKept'
  | 'verifiedOrigins'
  | 'suspects'
  | 'challengeTimeoutMs'
  | 'challengeRetryMs'
  | 'challengeRetryCapMs'
  | 'challengesAtOnce'
  | 'challengesPerSecond'
  | 'unverifiedBatches'
  | 'unverifiedBytes'
>;

export const defaultSealTuning: SealTuning = limits;
