/** Something that parses, and what must hold whatever it is given. */
export interface FuzzTarget {
  /**
   * Takes one input. Returns where it was read or refused as it should be.
   * @throws anything else: a finding
   */
  run(input: Buffer): void;
  /** Inputs that are read, to begin with. */
  readonly seeds: readonly (string | Buffer)[];
  /** Pieces that are put into inputs besides. */
  readonly words?: readonly string[];
}

/** Runs what may refuse by an error of this class, and by no other. @returns what it returned; `undefined`: refused */
export function refusable<T>(refusal: abstract new (...args: never[]) => Error, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof refusal) return undefined;
    throw error;
  }
}

/** @throws Error with both, where they differ */
export function same(what: string, one: string, other: string): void {
  if (one !== other) throw new Error(`${what}: ${one.slice(0, 300)} became ${other.slice(0, 300)}`);
}
