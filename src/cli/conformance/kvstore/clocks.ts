/** A vector clock: the counter of each node. */
type VectorClock = ReadonlyMap<string, number>;

/** A version as it came, and its clock. */
interface ClockedVersion {
  readonly given: unknown;
  readonly clock: VectorClock;
}

/** The versions of a `GetResponse`. */
export function clockedVersions(message: Readonly<Record<string, unknown>>): readonly ClockedVersion[] {
  const { versions } = message;
  if (!Array.isArray(versions)) return [];
  return (versions as readonly unknown[]).map((given) => ({
    given,
    clock: clockOf(field(given, 'vector_clock')),
  }));
}

/** A `VectorClock`, which may not be set. */
export function clockOf(given: unknown): VectorClock {
  const entries = field(given, 'entries');
  if (!Array.isArray(entries)) return new Map();
  return new Map(
    (entries as readonly unknown[]).map((entry) => [
      String(field(entry, 'node_id')),
      Number(field(entry, 'counter')),
    ]),
  );
}

/** Whether the first is ≤ the second in every entry. */
export function isCovered(one: VectorClock, other: VectorClock): boolean {
  return [...one].every(([node, counter]) => (other.get(node) ?? 0) >= counter);
}

function field(message: unknown, name: string): unknown {
  if (typeof message !== 'object' || message === null) return undefined;
  return new Map<string, unknown>(Object.entries(message)).get(name);
}
