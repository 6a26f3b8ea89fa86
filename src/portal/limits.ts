import { assertRelation, KiB, limits, WORST_JSON_FACTOR } from '../core/limits.js';

/** What bounds the portal. */
export const portalLimits = Object.freeze({
  /** Fewest characters of an identifier and of a name in the portal (contract, section 4). */
  minimumChars: 4,
  /** Longest identifier in the portal, in UTF-8 bytes. Keys join two, one of them escaped. */
  identifierBytes: 1024,
  /** Longest name in the portal, in UTF-8 bytes. */
  nameBytes: 4 * KiB,
  /** A change that loses the race against others is tried again for this long. */
  retryMs: 10_000,
  /** Records of one report requested at once, where each is a request to other machines. */
  readsAtOnce: 32,
  /** Versions of the key that orders a class's enrolments; beyond, the old ones are removed. */
  seatVersions: 16,
  /** A message from outside that was not applied, and a change that was not published, are remembered for this long. */
  holdMs: 15_000,
  /** Bound for each of these, and for messages waiting to be published; beyond, the oldest is dropped. */
  messages: 10_000,
  /** Refused messages logged one by one in one period of `burstLogMs`. */
  refusalsLogged: 50,
  /** After a change, a class is checked for enrolments beyond its capacity within this. */
  sweepMs: 200,
  /** Classes and people remembered for that check; beyond, everything is checked. */
  sweepItems: 10_000,
});

assertRelation(
  4 * portalLimits.identifierBytes + 64 < limits.keyBytes &&
    WORST_JSON_FACTOR * portalLimits.nameBytes + 256 < limits.valueBytes,
  'what the portal stores must fit keys and values',
);
assertRelation(
  // In CSV a quotation mark is doubled, and a field is put between two; then come commas and the places.
  2 * (portalLimits.identifierBytes + portalLimits.nameBytes) + 64 < limits.portalPayloadBytes,
  'whatever the portal takes can be asked for by a message',
);
