import { assertRelation, limits, MiB } from '../../core/limits.js';

/** What bounds the mirror of the values; a simulation lowers it. */
export const defaultMirrorTuning = Object.freeze({
  /** Bytes of all values that the mirror shows, with their topics, */
  bytes: 64 * MiB,
  /** and with what a broker keeps beside each. */
  topicBytes: 512,
  /** Beyond the topics that it may show: topics at which the broker retains something, to be cleared. */
  otherTopics: 4_096,
  /** Topics known to differ; beyond, all of the state is looked at. */
  dirty: 8_192,
  /** A walk over the state goes no further while so many wait. */
  walkAhead: 1_024,
  /** Topics at which somebody else published, to be corrected. */
  suspects: 8_192,
  /** Reads and publishes under way at once. */
  window: 48,
  /** What changes within this is published together. */
  batchMs: 20,
  /** Publishes in one second, and at once after a pause: what a fleet pays at most whose values nobody looks at. */
  perSecond: 2_000,
  burst: 256,
  /** How often what waits for that rate goes on. */
  paceMs: 10,
  /** Topics that are looked at before other work of the server gets its turn. */
  looksPerTurn: 256,
  /** Events of the watch that are taken before other work gets its turn. */
  eventsPerTurn: 512,
  /** How often a session looks what is due: also how soon a stranger's message is corrected. */
  tickMs: 250,
  /** What the broker retains has come once it has been silent for this long, or after this at the latest. */
  learnQuietMs: 500,
  learnMs: 10_000,
  /** Once so many retained messages have come there may be more that the broker has dropped on the way. */
  toldMany: 500,
  /** Where it did not tell of topics that should be retained, it is asked again so often at most. */
  asks: 3,
  /** Between two walks over the state. */
  walkPauseMs: 1_000,
  /** Between two walks that look for keys to show because there is room again. */
  refillMs: 5_000,
  /** What is published here comes back within this, where the broker sends it back. */
  echoMs: 10_000,
  /** A publish or a read that failed is tried again after this, and after up to this where all fail. */
  againMs: 1_000,
  againCapMs: 30_000,
  /** How often `espelho` is published, if it says something new. */
  aboutMs: 2_000,
  /** Levels of the key that brokers of MQTT 3.1.1 carry: the embedded one takes 100 with those before it. */
  levelsOn311: 97,
  /** Topics suspected of breaking the connection. */
  unbearable: 1_024,
  /** Breaks with such a topic alone under way until it is given up, */
  unbearableBreaks: 2,
  /** and for how long. */
  unbearableMs: 600_000,
});

/** {@link defaultMirrorTuning}, or smaller ones. */
export type MirrorTuning = { readonly [Name in keyof typeof defaultMirrorTuning]: number };

assertRelation(
  defaultMirrorTuning.bytes >= 16 * limits.valueBytes,
  'the mirror holds more than a few values',
);
assertRelation(defaultMirrorTuning.walkAhead < defaultMirrorTuning.dirty, 'a walk leaves room for changes');
assertRelation(
  defaultMirrorTuning.echoMs > limits.publishTimeoutMs,
  'what was published is expected back for longer than the broker may take',
);
