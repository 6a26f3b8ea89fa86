import { assertRelation, KiB, limits, MiB } from '../../core/limits.js';

/** Limits of the gRPC doors. Those of their port are in `doors/port/limits.ts`. */
export const grpcLimits = Object.freeze({
  /** Health watches at once, which need no credential; a further one makes the oldest give way. */
  healthWatches: 1024,
  /** Health watches on one connection: the whole server and each of its services. */
  watchesPerConnection: 16,
  /** Largest accepted gRPC message. */
  messageBytes: 1 * MiB,
  /** Largest accepted batch of `frota.v1.Loja`: what other implementations accept by default. */
  batchBytes: 4 * MiB,
  /** Pairs of such a batch, which are written in one turn of the event loop. */
  pairsPerBatch: 10_000,
  /** Characters of the reasons in the answer to a batch; refusals beyond have their codes alone. */
  batchReasonChars: 512 * KiB,
  /** Requests of one stream that wait for the engine at once, where the engine takes them in order. */
  requestsPerStream: 1024,
});

assertRelation(
  limits.keyBytes + limits.valueBytes < grpcLimits.messageBytes,
  'a legal request must reach its check',
);
assertRelation(
  grpcLimits.watchesPerConnection * 16 <= grpcLimits.healthWatches,
  'one connection takes few of all watches',
);
