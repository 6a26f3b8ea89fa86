import { KiB, MiB, limits, WORST_JSON_FACTOR } from '../core/limits.js';

/** Limits of the program that starts servers for classes: the demonstration and the laboratory. */
export const supervisorLimits = Object.freeze({
  /** A line of the servers' logs. */
  logLineBytes: MiB,
  /** How long servers may take to leave before they are killed. */
  endMs: 10_000,
  /** Pauses between two attempts to reach something that is about to start, such as a port or a broker. */
  retryMs: 25,
  /** How long one call through the laboratory may take, and one fault. */
  callMs: 10_000,
  /** How long a replica may take to say who the others are. */
  membersMs: 2_000,
  /** How often what was observed is put in order and recorded. */
  weaveMs: 50,
  /** A line of the stream that tells how a server is, and the longest wait before it is opened again. */
  pictureLineBytes: 4 * MiB,
  pictureRetryMs: 1_000,
  /** How much of what a replica says first is searched for who it is. */
  callerBytes: 64 * KiB,
  /** Times in which the broker was listened to that are remembered. */
  listenings: 1_000,
  /** A request's body: key and value, every character escaped. */
  actionBytes: WORST_JSON_FACTOR * (limits.keyBytes + limits.valueBytes) + 16 * KiB,
  /** Streams of events at once. */
  streams: 16,
  /** How often such a stream says that it is there. */
  aliveMs: 15_000,
  /** Bytes of a stream that wait for its reader at once. */
  streamBytes: 256 * KiB,
  /** Pages that are logged in at once; a further one takes the place of the oldest. */
  sessions: 16,
  /** Wrong tokens at once, and after how long there may be one more. */
  wrongTokens: 10,
  wrongTokenMs: 6_000,
  /** Connections at once. */
  connections: 128,
  /** Actions that are under way at once. */
  actions: 32,
  /** The most by which a clock can be moved, either way: a day, as servers have it. */
  clockMs: 86_400_000,
  /** How long the answer to the wish to start a server again waits until it serves. */
  restartMs: 15_000,
});
