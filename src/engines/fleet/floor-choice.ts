import type { Floor } from '../../core/mutation.js';

/** The counters of one key without entries. */
interface EmptyKey {
  readonly version: number;
  readonly timestamp: number;
}

/** How fast the version numbers of a part may be used up by raises of its floor. */
interface FloorPace {
  /** Most numbers by which a floor rises within any {@link floorWindowMs}. */
  readonly floorNumbers: number;
  readonly floorWindowMs: number;
}

/**
 * Chooses how far the floor of a part rises: to the least version that forgets most of its empty keys, never beyond
 * one of theirs, and no faster than the pace allows. A living key goes on above the floor of its part, so its numbers
 * jump when the floor passes them, and numbers are finite: with this pace they last for centuries, whatever clients do.
 *
 * The pace is a leaky bucket (GCRA, ITU-T I.371) of half the numbers that refills with the other half during a window.
 * Its state is one instant, which every server knows as part of the floor; concurrent raises from the same floor do not
 * add up, since the greatest of each number stands.
 *
 * @param floor as it is now
 * @param nowMs the fleet's clock: timestamps of a floor never exceed it
 * @returns the floor to raise it to; `undefined` if that would forget nothing, now or later
 */
export function chooseFloor(
  empties: readonly EmptyKey[],
  floor: Floor,
  nowMs: number,
  { floorNumbers, floorWindowMs }: FloorPace,
): Floor | undefined {
  const known = empties.filter(({ timestamp }) => timestamp <= nowMs);
  if (known.length === 0) return undefined;
  const numberMs = Math.ceil((2 * floorWindowMs) / floorNumbers);
  const startMs = Math.max(floor.paceMs, nowMs);
  const allowed = Math.max(0, Math.floor((nowMs + floorWindowMs - startMs) / numberMs));
  const version = Math.max(floor.version, Math.min(versionOfMost(known), floor.version + allowed));
  const forgotten = known.filter((key) => key.version <= version);
  const timestamp = forgotten.reduce((most, key) => Math.max(most, key.timestamp), floor.timestamp);
  if (version === floor.version && timestamp === floor.timestamp) return undefined;
  const used = version - floor.version;
  return { version, timestamp, paceMs: used === 0 ? floor.paceMs : startMs + used * numberMs };
}

/** The least version at or below which more than half of the keys are. */
function versionOfMost(keys: readonly EmptyKey[]): number {
  const versions = keys.map(({ version }) => version).sort((a, b) => a - b);
  return versions[Math.floor(versions.length / 2)] as number;
}
