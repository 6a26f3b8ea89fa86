import { assertRelation } from '../core/limits.js';
import { portLimits } from '../doors/port/limits.js';
import { defaultSealTuning } from '../engines/fleet/bus/seal/tuning.js';
import { defaultFleetTuning } from '../engines/fleet/replication/tuning.js';
import { leaderLimits } from '../engines/leader/limits.js';
import { mqttLimits } from '../mqtt/limits.js';
import { portalLimits } from '../portal/limits.js';

/** Limits of a server as a whole. */
export const appLimits = Object.freeze({
  /** A drain that takes longer than the sum of its deadlines is stuck. */
  stopMs: portLimits.drainMs + mqttLimits.stopMs + 2_000,
});

// Relations between limits of layers that do not know each other.
assertRelation(mqttLimits.stopMs < portLimits.drainMs, 'taking leave is part of a drain');
assertRelation(leaderLimits.stopMs <= mqttLimits.stopMs, 'a leader leaves within the time of a drain');
assertRelation(
  defaultFleetTuning.outboxBatches < mqttLimits.publishWindow,
  'a publish without an answer must not hold up batches',
);
assertRelation(
  defaultFleetTuning.peers <= defaultSealTuning.challengesAtOnce,
  'a fleet that starts at once is challenged at once',
);
assertRelation(
  portalLimits.holdMs > defaultFleetTuning.peerSilentMs + portalLimits.takeoverMs,
  'what a gateway that died has not applied is remembered until another has taken over',
);
