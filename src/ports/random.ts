/** Randomness for jitter and choices (never for secrets): seeded in a simulation. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}
