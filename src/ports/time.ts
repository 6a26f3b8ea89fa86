/** Time as the core and replication see it: real in a server, virtual in a simulation. */
export interface Time {
  /** Wall clock, whole ms since 1970. May jump either way. */
  wallMs(): number;
  /** Monotonic clock in ms, for time-outs. */
  monotonicMs(): number;
  /**
   * Calls `call` once after `delayMs`, and returns a function that cancels it. A timer must not keep the process alive.
   */
  after(delayMs: number, call: () => void): () => void;
  /** Calls `call` once at the end of the current turn of the event loop. */
  atEndOfTurn(call: () => void): void;
}
