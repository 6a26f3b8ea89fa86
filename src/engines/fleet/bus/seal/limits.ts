/** Limits of fleet keys and of sealed messages. */
export const sealLimits = Object.freeze({
  /** Keys of a fleet that are valid at once: the one that seals, and the previous or the next one. */
  fleetKeys: 2,
  /** Shortest and longest key of a fleet. */
  fleetKeyBytesMin: 32,
  fleetKeyBytesMax: 1024,
  /** How far below a sender's greatest counter a message may still be accepted, once. */
  replayWindow: 64,
});
