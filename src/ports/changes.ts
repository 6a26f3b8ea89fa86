/** Is told of changes at once, in order. Must be quick, never throw, and not write from within. */
export interface ChangeListener {
  /** A version was added. */
  inserted(key: string, value: string): void;
  /** Somebody removed every version that he had seen. */
  removed(key: string): void;
  /** A whole state was taken over: anything may have changed, and nobody tells what. */
  replaced(): void;
}

/** An engine that tells of every change of its data, whoever made it. */
export interface ChangeFeed {
  /** One listener; a second call takes the place of the first. */
  watch(listener: ChangeListener): void;
}
