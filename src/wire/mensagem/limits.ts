import type { JsonShape } from '../../core/json-shape.js';
import { limits } from '../../core/limits.js';

const KiB = 1024;

/** What one connection of the leader system may say. */
export const mensagemLimits = {
  /**
   * A line of whoever has shown no credential yet, where one is asked for: a key and a value of the greatest length, even if
   * every letter beyond ASCII is written as \u00e9, six bytes for two, and the fields around them.
   */
  strangerLineBytes: 3 * (limits.keyBytes + limits.valueBytes) + 8 * KiB,
  /** Lines one after the other that are JSON and no `Mensagem`, or show no good credential; then the connection ends. */
  refusedLines: 16,
  /** Lines of one connection that are done before others have their turn. */
  linesPerTurn: 32,
  /** What had been waiting while this process stood still is read within this, from when it is noticed. */
  backlogMs: 250,
} as const;

/** What a `Mensagem` of a client may consist of: it has eight fields and one object in it; others are passed over. */
export const CLIENT_SHAPE: JsonShape = { depth: 4, parts: 256 };

/** Of a server: an entry of a key of a page of a state has a list of lists. How many there are its line bounds. */
export const SERVER_SHAPE: JsonShape = { depth: 8, parts: Infinity };

if (mensagemLimits.strangerLineBytes > limits.mensagemLineBytes) {
  throw new Error('whoever has a credential may say as much as a stranger, at least');
}
