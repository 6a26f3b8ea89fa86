import { limits } from '../../../core/limits.js';

/** The limits and times that replication obeys; a simulation makes them small to reach every corner. */
export type FleetTuning = {
  readonly [name in Name]: number;
};

type Name = Extract<
  keyof typeof limits,
  | 'origins'
  | 'batchBytes'
  | 'batchMutations'
  | 'outboxBatches'
  | 'outboxQueuedBatches'
  | 'outboxQueuedBytes'
  | 'logBytes'
  | 'logMutations'
  | 'logBatches'
  | 'heldBatches'
  | 'heldBytes'
  | 'pageBytes'
  | 'stageReplayMutations'
  | 'presenceEntries'
  | 'peers'
  | 'presenceIntervalMs'
  | 'peerSilentMs'
  | 'repairPatienceMs'
  | 'requestTimeoutMs'
  | 'joinPatienceMs'
  | 'joinGiveUpMs'
  | 'handOverMs'
  | 'peerCooldownMs'
  | 'pageRetries'
  | 'greetingJitterMs'
  | 'clockDriftMs'
  | 'requests'
  | 'requestAgeMs'
  | 'requestSkewMs'
  | 'requestUndoMs'
  | 'requestUndos'
  | 'journalQueuedWrites'
  | 'journalQueuedBytes'
  | 'journalGroupMutations'
  | 'journalGroupBytes'
  | 'journalReceivedBytes'
  | 'journalLogBytes'
  | 'journalLogMutations'
  | 'journalChangedRows'
  | 'journalRowsPerTurn'
  | 'journalRetryMs'
  | 'sessionWaiters'
  | 'confirmWaiters'
  | 'confirmRepeatMs'
>;

export const defaultFleetTuning: FleetTuning = limits;
