/** Limits of a configuration. */
export const configLimits = Object.freeze({
  /** Servers of one system with a leader. */
  leaderServers: 16,
  /** Wait for other servers: with less, an attempt at a frozen replica leaves no time for another. */
  deadlineMsMin: 500,
  deadlineMs: 600_000,
  /** Wait of a client: the maximum of a timer. */
  timeoutMs: 2 ** 31 - 1,
  /** A hundred years; beyond, a credential may as well not expire. */
  credentialDays: 36_500,
  /** Certificates for trials: ten years. */
  certificateDays: 3_650,
  /** Longest time after which keys without versions are forgotten: ten years. */
  forgetHours: 87_600,
  /** Prefixes of the keys that the mirror of MQTT covers: each change is compared with all. */
  mirrorPrefixes: 100,
  /** Greatest number of topics of the mirror: a broker keeps each in memory. */
  mirrorTopics: 100_000,
});
