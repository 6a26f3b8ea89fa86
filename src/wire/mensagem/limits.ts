import type { JsonShape } from '../../core/json-shape.js';
import {
  assertRelation,
  KiB,
  limits,
  MiB,
  VECTOR_ENTRY_BYTES,
  WORST_JSON_FACTOR,
} from '../../core/limits.js';

/** What one connection of the leader system may say. */
export const mensagemLimits = Object.freeze({
  /** Longest `Mensagem`: one line of JSON, in bytes. */
  lineBytes: 1 * MiB,
  /**
   * Bytes of unfinished lines on all connections of a server together, those of other servers apart; the connection that
   * passes it is closed.
   */
  partialBytes: 64 * MiB,
  /** A silence this long between a leader and a follower ends their connection. */
  silentMs: 10_000,
  /** A server that takes longer to accept a connection counts as unreachable. */
  connectMs: 1_000,
  /**
   * A line of a client without a credential, where one is asked for: a key and a value of the greatest length, even if every
   * letter beyond ASCII is written as \u00e9, six bytes for two, and the fields around them.
   */
  strangerLineBytes: 3 * (limits.keyBytes + limits.valueBytes) + 8 * KiB,
  /** Lines in a row that are JSON but no `Mensagem`, or show no valid credential, before the connection ends. */
  refusedLines: 16,
  /** Lines of one connection that are done before others have their turn. */
  linesPerTurn: 32,
  /** After a pause of the process, what had been waiting is read within this. */
  backlogMs: 250,
});

/** What a `Mensagem` of a client may consist of: it has eight fields and one object in it; others are passed over. */
export const CLIENT_SHAPE: JsonShape = { depth: 4, parts: 256 };

/** Of a server: an entry of a key of a page of a state has a list of lists. How many there are its line bounds. */
export const SERVER_SHAPE: JsonShape = { depth: 8, parts: Infinity };

assertRelation(
  mensagemLimits.strangerLineBytes <= mensagemLimits.lineBytes,
  'whoever has a credential may say as much as a stranger, at least',
);
assertRelation(
  WORST_JSON_FACTOR * (limits.keyBytes + limits.valueBytes) + limits.origins * VECTOR_ENTRY_BYTES + 4 * KiB <=
    mensagemLimits.lineBytes && limits.pageBytes < mensagemLimits.lineBytes,
  'the largest mutation and a page of a state must each fit a Mensagem',
);
assertRelation(
  WORST_JSON_FACTOR * limits.commitBytes + 64 * (limits.commitWrites + limits.commitGuards) <=
    mensagemLimits.lineBytes,
  'a commit fits a Mensagem',
);
