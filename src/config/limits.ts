/** What bounds a configuration. Units come last in each name. */
export const configLimits = Object.freeze({
  /** Servers of one system with a leader. */
  leaderServers: 16,
});
