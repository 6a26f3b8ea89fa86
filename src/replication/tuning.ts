import { limits } from '../core/limits.js';

/** The limits and times that replication obeys; a simulation makes them small to reach every corner. */
export type Tuning = { readonly [name in (typeof NAMES)[number]]: number };

const NAMES = [
  'origins',
  'batchBytes',
  'batchMutations',
  'outboxBatches',
  'outboxQueuedBatches',
  'outboxQueuedBytes',
  'logBytes',
  'logMutations',
  'logBatches',
  'heldBatches',
  'heldBytes',
  'pageBytes',
  'stageReplayMutations',
  'presenceEntries',
  'peers',
  'presenceIntervalMs',
  'peerSilentMs',
  'repairPatienceMs',
  'requestTimeoutMs',
  'joinPatienceMs',
  'joinGiveUpMs',
  'handOverMs',
  'peerCooldownMs',
  'pageRetries',
  'greetingJitterMs',
  'clockDriftMs',
] as const satisfies readonly (keyof typeof limits)[];

export const defaultTuning: Tuning = limits;
