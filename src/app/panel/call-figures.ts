import type { CallCounts } from '../../call/observe.js';
import type { CallFigures } from '../../ports/panel.js';
import { addBuckets, LatencySince, Totals } from './rates.js';

interface Summed {
  readonly door: string;
  readonly operation: string;
  total: number;
  errors: number;
  readonly buckets: number[];
}

interface Known {
  readonly rates: Totals<'total' | 'errors'>;
  readonly latency: LatencySince;
}

/** Calls by door and operation, with what came since the picture before. */
export class CallRates {
  private readonly known = new Map<string, Known>();

  constructor(private readonly counts: Pick<CallCounts, 'all'>) {}

  /** @param periodMs since the call before; 0: this is the first one */
  figures(periodMs: number): CallFigures[] {
    return [...this.summed()].map(([name, { door, operation, total, errors, buckets }]) => {
      const known = this.known.get(name);
      const { rates, latency } = known ?? newlyKnown(periodMs);
      if (known === undefined) this.known.set(name, { rates, latency });
      const rate = rates.perSecond({ total, errors }, periodMs);
      return {
        ...{ door, operation, total, errors },
        ...{ perSecond: rate.total, errorsPerSecond: rate.errors, latency: latency.figures(buckets) },
      };
    });
  }

  private summed(): ReadonlyMap<string, Summed> {
    const sums = new Map<string, Summed>();
    for (const { door, operation, outcome, durations } of this.counts.all()) {
      const name = `${door} ${operation}`;
      const sum = sums.get(name) ?? { door, operation, total: 0, errors: 0, buckets: [] };
      sums.set(name, sum);
      sum.total += durations.count;
      // Whoever leaves a stream, as every page does, has met with no error.
      if (outcome !== 'OK' && outcome !== 'ABANDONADO') sum.errors += durations.count;
      addBuckets(sum.buckets, durations);
    }
    return sums;
  }
}

/** An operation that occurs for the first time while somebody looks began with nothing. */
function newlyKnown(periodMs: number): Known {
  const known = { rates: new Totals<'total' | 'errors'>(), latency: new LatencySince() };
  if (periodMs > 0) {
    known.rates.perSecond({ total: 0, errors: 0 }, 0);
    known.latency.figures([]);
  }
  return known;
}
