/** Time as the core and replication see it: real in a server, virtual in a simulation. */
export interface Time {
  /** Wall clock, whole ms since 1970. May jump either way. */
  wallMs(): number;
  /** Monotonic clock in ms, for time-outs. */
  monotonicMs(): number;
  /** Calls once after `delayMs`. Returns the cancel function. A timer must not keep a process alive. */
  after(delayMs: number, call: () => void): () => void;
  /** Calls once when the present turn of the event loop ends. */
  atEndOfTurn(call: () => void): void;
}
