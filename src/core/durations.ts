/** Upper bounds of the buckets, in ms. Nearly every answer falls into one of the first, which are looked at first. */
export const DURATION_BOUNDS_MS: readonly number[] = [
  ...[0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  ...[25, 100, 500, 2_500, 10_000],
];

/** Counts durations in buckets. Stands in the way of every answer: no allocation, a few comparisons. */
export class Durations {
  count = 0;
  totalMs = 0;
  /** How many fell into each bucket of {@link DURATION_BOUNDS_MS}; the last is for longer ones. */
  readonly buckets: number[] = new Array<number>(DURATION_BOUNDS_MS.length + 1).fill(0);

  add(tookMs: number): void {
    this.count++;
    this.totalMs += tookMs;
    let bucket = 0;
    while (tookMs > (DURATION_BOUNDS_MS[bucket] as number)) bucket++;
    (this.buckets[bucket] as number)++;
  }
}
