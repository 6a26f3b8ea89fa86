/** What bounds keys of a fleet and what they seal. */
export const sealLimits = Object.freeze({
  /** Keys of a fleet that are valid at once: the one that seals, and the one before or after it. */
  fleetKeys: 2,
  /** Shortest and longest key of a fleet. */
  fleetKeyBytesMin: 32,
  fleetKeyBytesMax: 1024,
  /** Counters below a sender's greatest that may still arrive, each once. */
  replayWindow: 64,
});
