import type { JsonShape } from '../../core/json-shape.js';
import {
  assertRelation,
  KiB,
  limits,
  MiB,
  VECTOR_ENTRY_BYTES,
  WORST_JSON_FACTOR,
} from '../../core/limits.js';

/** Limits of one connection of the leader system. */
export const mensagemLimits = Object.freeze({
  /** Longest `Mensagem`: one line of JSON, in bytes. */
  lineBytes: 1 * MiB,
  /**
   * Bytes of unfinished lines on all connections of a server together, with a separate budget for those of other
   * servers; the connection that exceeds it is closed.
   */
  partialBytes: 64 * MiB,
  /** Silence between a leader and a follower that ends their connection. */
  silentMs: 10_000,
  /** A server that takes longer than this to accept a connection counts as unreachable. */
  connectMs: 1_000,
  /**
   * Longest line of a client without a credential, where one is required: a key and a value of the greatest length,
   * even if every letter beyond ASCII is escaped (\u00e9, six bytes for two), and the fields around them.
   */
  strangerLineBytes: 3 * (limits.keyBytes + limits.valueBytes) + 8 * KiB,
  /**
   * Refused lines minus accepted ones that end a connection: JSON but not a `Mensagem`, or without a valid credential.
   */
  refusedLines: 16,
  /** Lines of one connection processed before others have their turn. */
  linesPerTurn: 32,
  /** Time after a pause of the process within which the input that had been waiting is read. */
  backlogMs: 250,
});

/** The shape of a client's `Mensagem`, which has eight fields and one nested object; unknown ones are ignored. */
export const CLIENT_SHAPE: JsonShape = { depth: 4, parts: 256 };

/**
 * The shape of a server's `Mensagem`: a state page nests lists of lists in the entries of its keys. The line length
 * bounds their number.
 */
export const SERVER_SHAPE: JsonShape = { depth: 8, parts: Infinity };

assertRelation(
  mensagemLimits.strangerLineBytes <= mensagemLimits.lineBytes,
  'whoever has a credential may say as much as a stranger, at least',
);
assertRelation(
  WORST_JSON_FACTOR * (limits.keyBytes + limits.valueBytes) +
    limits.contextOrigins * VECTOR_ENTRY_BYTES +
    4 * KiB <=
    mensagemLimits.lineBytes && limits.pageBytes < mensagemLimits.lineBytes,
  'the largest mutation and a page of a state must each fit a Mensagem',
);
assertRelation(
  WORST_JSON_FACTOR * limits.commitBytes + 64 * (limits.commitWrites + limits.commitGuards) <=
    mensagemLimits.lineBytes,
  'a commit fits a Mensagem',
);
