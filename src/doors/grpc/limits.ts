import { limits } from '../../core/limits.js';

/** Limits of the gRPC doors alone. Units come last in each name. */
export const doorLimits = Object.freeze({
  /**
   * Header fields of one call. A field costs a byte where it was said before, whatever it holds. Our clients send some
   * twelve, proxies between add as many again.
   */
  metadataFields: 48,
  /** Fields that HTTP/2 itself takes of one block, whoever has agreed to what: beyond, the call has no status of ours. */
  headerPairs: 64,
  /** Values of one call in all, where commas part them: the library makes an object of each. */
  metadataPieces: 96,
  /** Calls of one connection that may be refused for their form; then it is asked to go, and takes no further ones. */
  refusalsPerConnection: 8,
  /** So many of them that come at once end it with all that is open on it. */
  refusalsAtOnce: 32,
  /** What is still open on such a connection is cut after this. */
  refusedConnectionMs: 5_000,
  /** Watches of health on one connection: the whole server and each of its services. */
  watchesPerConnection: 16,
  /** After a pause of the process, a connection that does not answer a PING within this is not waited for, */
  backlogMs: 2_000,
  /** and those that were made during the pause are taken up within this. */
  backlogAcceptMs: 1_000,
});

if (doorLimits.metadataFields > Math.min(doorLimits.headerPairs, doorLimits.metadataPieces)) {
  throw new Error('limits contradict each other: a call that may come must reach its check');
}
if (doorLimits.watchesPerConnection * 16 > limits.healthWatches) {
  throw new Error('limits contradict each other: one connection takes few of all watches');
}
