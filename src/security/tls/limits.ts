const KiB = 1024;
const MiB = 1024 * KiB;

/** What bounds TLS and what comes before it. Units come last in each name. */
export const tlsLimits = Object.freeze({
  /** From the beginning of a connection until both sides have agreed on TLS or, without it, the client has begun to speak. */
  handshakeMs: 10_000,
  /** Connections of one port that have not come that far; beyond, the oldest is closed. */
  handshakes: 1024,
  /** Largest file of certificates or of a key. */
  fileBytes: 4 * MiB,
});
