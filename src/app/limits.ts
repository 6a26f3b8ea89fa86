import { soleServerLimits } from '../call/limits.js';
import { assertRelation, limits } from '../core/limits.js';
import { configLimits } from '../config/limits.js';
import { mqttDoorLimits } from '../doors/mqtt/limits.js';
import { defaultMirrorTuning } from '../doors/mqtt/tuning.js';
import { portLimits } from '../doors/port/limits.js';
import { defaultSealTuning } from '../engines/fleet/bus/seal/tuning.js';
import { defaultFleetTuning } from '../engines/fleet/replication/tuning.js';
import { leaderLimits } from '../engines/leader/limits.js';
import { brokerLimits, mqttLimits } from '../mqtt/limits.js';
import { portalLimits } from '../portal/limits.js';

/** Limits of a server as a whole. */
export const appLimits = Object.freeze({
  /** A drain that takes longer than the sum of its deadlines is stuck. */
  stopMs: portLimits.drainMs + mqttLimits.stopMs + 2_000,
  /** How much the replicas of a consensus hold is counted no more often than this: they walk over all their keys. */
  amountsAgeMs: 5_000,
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
  portalLimits.holdMs > defaultFleetTuning.peerSilentMs + soleServerLimits.takeoverMs,
  'what a gateway that died has not applied is remembered until another has taken over',
);
assertRelation(
  soleServerLimits.takeoverMs > limits.requestSkewMs,
  'a server that was alone from the beginning knows of each request that is asked once it acts',
);
assertRelation(
  mqttDoorLimits.holdMs > defaultFleetTuning.peerSilentMs + 2 * soleServerLimits.takeoverMs,
  'a write that a server which died has not done is remembered until another has taken over',
);
assertRelation(
  configLimits.mirrorTopics < brokerLimits.retainedTopics &&
    defaultMirrorTuning.bytes + defaultMirrorTuning.bytes / 4 < brokerLimits.retainedBytes &&
    brokerLimits.retainedTopicBytes <= defaultMirrorTuning.topicBytes,
  'the embedded broker retains whatever a mirror shows',
);
assertRelation(
  defaultMirrorTuning.window < mqttLimits.publishWindow,
  'what a mirror publishes fits the window of its connection',
);
