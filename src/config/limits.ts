/** What bounds a configuration. */
export const configLimits = Object.freeze({
  /** Servers of one system with a leader. */
  leaderServers: 16,
  /** A wait for other servers: shorter, an attempt that finds a replica frozen leaves no time for another. */
  deadlineMsMin: 500,
  deadlineMs: 600_000,
  /** A wait of a client: what a timer can hold. */
  timeoutMs: 2 ** 31 - 1,
  /** A hundred years, in which a credential may as well not expire. */
  credentialDays: 36_500,
  /** Certificates for trials: ten years. */
  certificateDays: 3_650,
});
