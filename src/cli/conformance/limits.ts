/** Limits of a conformance check. */
export const conformanceLimits = Object.freeze({
  /** How long to wait for the connection to a server. */
  connectMs: 3_000,
  /** A server that has not answered after this does not understand the names of fields that are tried. */
  promptMs: 2_000,
  /** Between two looks at a server that is to show a write of another. */
  lookMs: 50,
  /** Cases in a row without an answer after which the server counts as hung. */
  silentCases: 3,
  /** Waits for replication that may be in vain; after these, the cases that need it are not tried. */
  vainWaits: 2,
  /** Messages of one stream, which may list everything that the server holds. */
  streamMessages: 1_000_000,
  /** Longest text of a message that is shown, in characters. */
  shownChars: 60,
  /** Messages of a stream that are shown. */
  shownMessages: 8,
  /** Longest line of a `Mensagem`, in bytes. */
  lineBytes: 1_048_576,
  /** Removals at the end that are under way together. */
  removals: 8,
  /** Versions of one key that are removed one by one at the end. */
  versionsRemoved: 60,
  /** Messages of a broker that are kept. */
  topicMessages: 10_000,
});
