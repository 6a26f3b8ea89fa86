/**
 * Dots name mutations. An origin is one incarnation of one server; its mutations count 1, 2, 3, … without gaps, so
 * (origin, seq) is never used twice (Preguiça et al. 2012, "Dotted version vectors").
 */

/** Name of one incarnation of one server. Matches {@link ORIGIN_PATTERN}; safe in an MQTT topic of any broker. */
export type Origin = string;

/** The identity of one mutation. `seq` is a whole number ≥ 1. */
export interface Dot {
  readonly origin: Origin;
  readonly seq: number;
}

/** The form of an origin or fleet name. No dots, since some brokers refuse them in topics. */
export const ORIGIN_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Origins, each with its last known seq: a version vector or a part of one, as plain data for the wire. Each origin
 * appears once.
 */
export type VectorEntries = readonly (readonly [origin: Origin, seq: number])[];

/** A shared empty list, so that the common case allocates nothing per mutation. */
export const NO_ENTRIES: VectorEntries = Object.freeze([]);

/** Raises the entry of an origin to `seq`; never lowers it. */
export function raise(observed: Map<Origin, number>, origin: Origin, seq: number): void {
  if (seq > (observed.get(origin) ?? 0)) observed.set(origin, seq);
}
