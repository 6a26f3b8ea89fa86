/**
 * Notified of each change synchronously and in order. Must be quick, must never throw, and must not write from within.
 */
export interface ChangeListener {
  /** A version was added. */
  inserted(key: string, value: string): void;
  /** A writer removed every version that it had seen. */
  removed(key: string): void;
  /** A whole state was adopted: anything may have changed, and the single changes are not reported. */
  replaced(): void;
}

/** An engine that reports every change of its data, whichever server made it. */
export interface ChangeFeed {
  /** Adds a listener. */
  watch(listener: ChangeListener): void;
}
