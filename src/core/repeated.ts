import { isLater } from './request-memory.js';
import type { Attempted, Loser, RequestMemory, StoredRequest } from './request-memory.js';
import type { KeySpace } from './space.js';

/** The entries that have this request id. */
export function storedRequests(space: KeySpace, id: string): readonly StoredRequest[] {
  return space.requests.rows(id).map((row) => {
    const { entries, keys, requests } = space;
    const attempt = requests.of(row)?.number ?? 0;
    const key = keys.name(requests.slotOf(row) ?? 0);
    return { ...entries.position(row), key, value: entries.value(row), attempt };
  });
}

/**
 * The entries of a request that must be removed because a later attempt was written. Every server that knows the same
 * attempts removes the same entries. If a client uses one id for two different inserts by mistake, both stay.
 */
export function losersOf(space: KeySpace, memory: RequestMemory, id: string): Loser[] {
  const stored = storedRequests(space, id);
  return stored.flatMap((entry): Loser[] => {
    const { key, value, version, timestamp, origin, seq } = entry;
    let winner: Attempted = entry;
    for (const other of stored) {
      if (other.key === key && other.value === value && isLater(other, winner)) winner = other;
    }
    const remembered = memory.latest(id, key, value);
    if (remembered && isLater(remembered, winner)) winner = remembered;
    return winner === entry ? [] : [{ key, version, timestamp, origin, seq, winner: winner.origin }];
  });
}
