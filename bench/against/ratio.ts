/** What one build used, of one figure: rounds, and in each of them slices. */
export type Rounds = readonly (readonly number[])[];

/** How two builds compare. */
export interface Ratio {
  /** Geometric mean over the rounds of before ÷ after: above 1, the build after uses less. */
  readonly ratio: number;
  /** Its 95 % confidence interval: Student's t on the logarithms. */
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 % quantiles of Student's t for 1, 2, … degrees of freedom; beyond them 1.96 + 2.5 / n is right to 0.002. */
const T_95 = [
  ...[12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228],
  ...[2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086],
];

/** Compares the least disturbed slices of each round. */
export function compare(before: Rounds, after: Rounds): Ratio {
  const logs = before.map((slices, round) => Math.log(steady(slices) / steady(after[round] ?? [])));
  const n = logs.length;
  const center = mean(logs);
  const variance = logs.reduce((sum, log) => sum + (log - center) ** 2, 0) / (n - 1);
  const half = (T_95[n - 2] ?? 1.96 + 2.5 / (n - 1)) * Math.sqrt(variance / n);
  return { ratio: Math.exp(center), low: Math.exp(center - half), high: Math.exp(center + half) };
}

/**
 * What slices cost that nothing disturbed: the mean of the cheaper half. Other work on the machine only ever adds, and
 * a full collection of garbage falls into few slices, by chance into more of the one build than of the other.
 */
export function steady(slices: readonly number[]): number {
  const sorted = [...slices].sort((a, b) => a - b);
  return mean(sorted.slice(0, Math.ceil(sorted.length / 2)));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What the interval says of a limit that it should lie above. */
export type Verdict = 'ok' | 'slower' | 'open';

/** `ok`: the interval lies above the limit; `slower`: it does not, and lies below 1; `open`: these rounds do not decide. */
export function verdictOn({ low, high }: Ratio, limit: number): Verdict {
  if (low > limit) return 'ok';
  return high < 1 ? 'slower' : 'open';
}
