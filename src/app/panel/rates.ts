import { DURATION_BOUNDS_MS } from '../../core/durations.js';
import type { Durations } from '../../core/durations.js';
import type { LatencyFigures } from '../../ports/panel.js';

/** Totals since the start, as they were at the picture before, and what came since. */
export class Totals<Name extends string> {
  private before: Readonly<Record<Name, number>> | undefined;

  /** @returns how much came per second since the call before; 0 at the first one */
  perSecond(now: Readonly<Record<Name, number>>, periodMs: number): Record<Name, number> {
    const before = this.before ?? now;
    this.before = now;
    const rates = Object.entries<number>(now).map(([name, total]) => {
      const came = Math.max(0, total - before[name as Name]);
      return [name, periodMs > 0 ? (1_000 * came) / periodMs : 0] as const;
    });
    return Object.fromEntries(rates) as Record<Name, number>;
  }
}

type Buckets = readonly number[];

/** Durations since the start, as they were at the picture before, and the quantiles of what came since. */
export class LatencySince {
  private before: Buckets | undefined;

  /** @param buckets of {@link Durations} @returns `undefined` if none came, and at the first call */
  figures(buckets: Buckets): LatencyFigures | undefined {
    const { before } = this;
    this.before = [...buckets];
    if (before === undefined) return undefined;
    return latencyOf(buckets.map((count, at) => count - (before[at] ?? 0)));
  }
}

/** Adds the buckets of several durations. */
export function addBuckets(sum: number[], { buckets }: Pick<Durations, 'buckets'>): void {
  for (const [at, count] of buckets.entries()) sum[at] = (sum[at] ?? 0) + count;
}

/** Quantiles, interpolated in their buckets; `undefined` if all are empty. */
function latencyOf(buckets: Buckets): LatencyFigures | undefined {
  const count = buckets.reduce((sum, one) => sum + one, 0);
  if (count <= 0) return undefined;
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantile(buckets, share * count));
  return { p50: p50 ?? 0, p95: p95 ?? 0, p99: p99 ?? 0 };
}

function quantile(buckets: Buckets, rank: number): number {
  let below = 0;
  for (const [at, count] of buckets.entries()) {
    if (count > 0 && below + count >= rank) {
      const from = DURATION_BOUNDS_MS[at - 1] ?? 0;
      // What is beyond the last bound is told as that.
      const to = DURATION_BOUNDS_MS[at] ?? from;
      return from + ((to - from) * (rank - below)) / count;
    }
    below += count;
  }
  return DURATION_BOUNDS_MS.at(-1) ?? 0;
}
