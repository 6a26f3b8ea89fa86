/** Where a planted bug is looked for: see `hunt.ts`. */
export type Ground =
  'counterexamples' | 'lab' | 'fleet' | 'journals' | 'requests' | 'watches' | 'sealed' | 'suite';

/** The replacement of a piece of a file that occurs in it exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A rule of the data model that is broken on purpose. */
export interface Plant {
  readonly name: string;
  readonly ground: Ground;
  readonly edits: readonly Edit[];
  /** Files of tests that must fail, on the ground `suite`; none of them is of the changed function alone. */
  readonly tests?: readonly string[];
  /** It takes many hundreds of seeds: a short hunt may miss it. */
  readonly isRare?: boolean;
}
