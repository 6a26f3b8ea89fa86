/** Limits of the nodes and of the context store. */
export const redLimits = Object.freeze({
  /** Calls of one server node or context store that have not ended: Node-RED sends messages without waiting. */
  pendingCalls: 1_000,
  /** What a call may take beyond its own timeout, waiting for those before it: then it ends with an error. */
  graceMs: 500,
  /** Versions that one message of `kvs-historico` holds: the newest ones. */
  historyLines: 10_000,
  historyLinesDefault: 100,
  /** Keys that one message of `kvs-lista` holds. */
  listLines: 10_000,
  listLinesDefault: 100,
  /** Pauses before a watch that nobody serves is tried again. */
  retryFirstMs: 1_000,
  retryLastMs: 30_000,
  /** How often the place of a watch is written to the context of its node, at most. */
  placeEveryMs: 1_000,
  /** Longest wait for that context. */
  placeWaitMs: 5_000,
  /** Keys of one scope of the context that `keys` tells. */
  contextKeys: 10_000,
  /** How often a part of a context value is written anew where another instance was faster. */
  partAttempts: 10,
  /** Scopes that one context store remembers as used, to clean them. */
  contextScopes: 10_000,
  /** Errors that nobody takes are written to the log at most this often. */
  complaintEveryMs: 10_000,
});
