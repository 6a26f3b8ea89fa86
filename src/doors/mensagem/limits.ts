/** What bounds the door of a system with a leader. */
export const mensagemDoorLimits = Object.freeze({
  /** Connections of clients; a further one is told so and closed. Those of the other servers have places of their own. */
  connections: 1024,
  serverConnections: 64,
  /** A connection on which nothing happens for this long is told so and closed. */
  idleMs: 120_000,
  /** From the first byte of a line to its last. */
  lineMs: 30_000,
  /** Requests with an `id` in progress on one connection; the next is read when one has ended. */
  requests: 1024,
});
