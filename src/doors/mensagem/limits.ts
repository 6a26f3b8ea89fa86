/** Limits of the door of a system with a leader. */
export const mensagemDoorLimits = Object.freeze({
  /** Client connections; a further one is told so and closed. Other servers have reserved places. */
  connections: 1024,
  serverConnections: 64,
  /** A connection on which nothing happens for this long is told so and closed. */
  idleMs: 120_000,
  /** Time from the first byte of a line to its last. */
  lineMs: 30_000,
  /** Requests with an `id` in progress on one connection; the next is read once one has ended. */
  requests: 1024,
});
