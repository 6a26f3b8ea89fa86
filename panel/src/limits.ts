/** What the page keeps and asks for at most: it may stay open for days. */
export const pageLimits = Object.freeze({
  /** Pictures that plots are drawn from: ten minutes of one a second. */
  samples: 600,
  /** Events kept in the log of the page. */
  events: 1000,
  /** Keys asked for at once, and rows of the list at most: whoever looks further gives a prefix. */
  keysPerPage: 1000,
  keys: 100_000,
  /** Characters of a value kept for a row of the list. */
  previewChars: 160,
  /** Versions of one key that are shown: the last ones; and bytes of a history that are read. */
  versions: 2000,
  /** Lanes of its timeline: further origins share the last one. */
  lanes: 24,
  historyBytes: 32 * 1024 * 1024,
  /** Characters of a value shown before somebody asks for the rest, and invisible ones marked within one text. */
  shownChars: 4096,
  marks: 2000,
  /** Longest line of a stream: a line of JSON with the longest key and value, each character escaped, and more. */
  lineChars: 4 * 1024 * 1024,
  /** Longest key and value, in bytes of UTF-8, and longest address of a request: those of the server. */
  keyBytes: 65_536,
  valueBytes: 65_536,
  targetChars: 8192,
  /** Without a line for this long, a stream is taken for lost. */
  feedSilenceMs: 6000,
  watchSilenceMs: 40_000,
  /** Waits between attempts to reach the server. */
  retryMs: 500,
  retryMsMax: 8000,
  /** A page that nobody sees asks for nothing after this. */
  hiddenMs: 5000,
  /** A history that changes is read again after this, a long one after the second. */
  historyPauseMs: 120,
  longHistoryPauseMs: 1000,
  /** Keys that are asked for again after removals, at once; beyond, the list is read again. */
  rereadKeys: 64,
  /** How often at most. */
  rereadPauseMs: 1000,
  /** Time for the comparison of two values. */
  diffMs: 300,
});
