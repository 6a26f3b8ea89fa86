/** Randomness for jitter and choices, never for secrets. Seeded in a simulation. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}
