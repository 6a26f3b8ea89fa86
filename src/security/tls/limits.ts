import { MiB } from '../../core/limits.js';

/** Limits of TLS and of what precedes it. */
export const tlsLimits = Object.freeze({
  /** From accepting a connection to the end of its TLS handshake or, without TLS, to its first byte. */
  handshakeMs: 10_000,
  /** Connections of one port that have not got that far; beyond, the oldest is closed. */
  handshakes: 1024,
  /** Largest file of certificates or of a key. */
  fileBytes: 4 * MiB,
});
