/**
 * Seeds that the suite runs on each ground: enough to reach what a run must reach. `npm run mutantes` names the planted bugs
 * that need more of them, and `npm run simula` runs as many more as one likes.
 */
export const SUITE_SEEDS = { fleet: 300, journals: 250, sealed: 100 } as const;

/**
 * Seeds that always run, each with the reason why it is kept: once it found something, or it alone reaches a corner.
 * A run changes with the simulation itself, so a counterexample that matters also becomes a named test of the core.
 */
export const REGRESSION_SEEDS: readonly (readonly [seed: number, reason: string])[] = [
  [65, 'a write into a batch that stayed open behind a full outbox while a cause arrived'],
  [180, 'a write into a batch that stayed open while a state was joined'],
  [10, 'a giver that joins a state itself between two pages'],
  [2, 'pages that are no state one by one'],
  [14, 'a session on a server whose store has adopted a state, and so has another vector'],
  [2912609589, 'a server that stops, whose own last write is older than all that presences have room for'],
  [25, 'the same, of another server: a run changes easily'],
];
