import { assertRelation, KiB, limits, MiB, WORST_JSON_FACTOR } from '../../core/limits.js';

/** What bounds the door of MQTT. */
export const mqttDoorLimits = Object.freeze({
  /** Most levels of a key in a topic: Mosquitto (2.0) cuts a connection at a topic with more than 200 slashes; topics of NATS are subjects. */
  keyLevels: 150,
  /**
   * Longest topic that a server publishes to, in UTF-8 bytes. A number of 16 bits tells how long one is, and NATS adds
   * to it: the nodes of a cluster of 2.9 end when one is longer with that than such a number says.
   */
  topicBytes: 65_000,
  /** A write that nobody has done yet, as far as this server sees, is remembered for this long. */
  holdMs: 20_000,
  /** Messages that wait here for their turn or for another server to do them, and their bytes. */
  waitingMessages: 20_000,
  waitingBytes: 32 * MiB,
  /** Calls under way at once, where the engine does not answer at once. */
  callsAtOnce: 256,
  /** Changes whose message has not come yet are remembered for this long; how many, and their characters. */
  seenMs: 5_000,
  seenChanges: 4_096,
  seenChars: 4 * MiB,
  /** Refusals published at once, and one more after each of these: a flood of bad messages makes no flood of refusals. */
  refusalBurst: 100,
  refusalEveryMs: 20,
  /** Refusals logged one by one in one period of `burstLogMs`. */
  refusalsLogged: 20,
  /** Longest question: any insert fits, as badly as JSON may write it. */
  questionBytes: WORST_JSON_FACTOR * (limits.keyBytes + limits.valueBytes) + 4 * KiB,
  /** Lines of a list or a history in one answer, if nobody says, and at most. */
  answerLines: 100,
  answerLinesMax: 1_000,
  /** An answer gets no further line once it has so many bytes; lines that belong together may have more, */
  answerBytes: 256 * KiB,
  /** but not more than this, beside a single line of any length. */
  answerBytesMax: limits.payloadBytes - 2 * KiB - 64 * KiB,
  /** Answers and refusals that the broker has not taken yet, and their bytes; beyond, the new one is dropped. */
  outgoingMessages: 1_024,
  outgoingBytes: 16 * MiB,
  /** Answers to requests with an id that are remembered, and their bytes. */
  answeredRequests: 20_000,
  answeredBytes: 16 * MiB,
});

assertRelation(
  mqttDoorLimits.questionBytes < limits.payloadBytes,
  'what a question may be fits a payload of every broker',
);
assertRelation(
  WORST_JSON_FACTOR * (limits.keyBytes + limits.valueBytes) + KiB < mqttDoorLimits.answerBytesMax,
  'any single line fits an answer',
);
assertRelation(
  mqttDoorLimits.callsAtOnce < mqttDoorLimits.answeredRequests &&
    16 * mqttDoorLimits.answerBytesMax < mqttDoorLimits.answeredBytes,
  'a request that is under way is remembered',
);
assertRelation(
  WORST_JSON_FACTOR * limits.keyBytes + mqttDoorLimits.answerBytes < mqttDoorLimits.answerBytesMax,
  'an answer has room for the key to go on from',
);
