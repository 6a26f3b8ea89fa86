import { readFileSync, readdirSync } from 'node:fs';
import { totalmem } from 'node:os';
import { constants, monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Exposition, MetricReader } from '../../metrics/exposition.js';
import type { Time } from '../../ports/time.js';

/** How often the delay of the event loop is sampled: each time wakes an idle process. */
const SAMPLE_MS = 50;
/** The histogram is emptied this often; what it had before counts as long again, so that no scraper misses it. */
const TURN_MS = 30_000;
const NS = 1e-9;

/** The process itself: its processor time, memory, descriptors, event loop and garbage collection. */
export class ProcessMetrics {
  private readonly usage = usageMetrics();
  private readonly loop: LoopDelay;
  private readonly collections = new Collections();

  constructor(time: Time) {
    this.loop = new LoopDelay(time);
  }

  /** Begins to watch event loop and garbage collection. */
  start(): this {
    this.loop.start();
    this.collections.start();
    return this;
  }

  stop(): void {
    this.loop.stop();
    this.collections.stop();
  }

  readonly read: MetricReader = (into) => {
    this.usage(into);
    readDescriptors(into);
    this.loop.read(into);
    this.collections.read(into);
  };
}

function usageMetrics(): MetricReader {
  const startSeconds = performance.timeOrigin / 1_000;
  const memoryMax = memoryMaxBytes();
  return (into) => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    into.set('kvs_process_start_time_seconds', startSeconds);
    into.set('kvs_process_cpu_seconds_total', user / 1e6, 'user');
    into.set('kvs_process_cpu_seconds_total', system / 1e6, 'system');
    into.set('kvs_process_resident_bytes', rss);
    into.set('kvs_process_resident_max_bytes', memoryMax);
    into.set('kvs_process_heap_used_bytes', heapUsed);
    into.set('kvs_process_heap_max_bytes', getHeapStatistics().heap_size_limit);
    into.set('kvs_process_external_bytes', external);
  };
}

/** The memory of the machine, or of the container where it has less. */
function memoryMaxBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Descriptors, where the system tells them (Linux). */
function readDescriptors(into: Exposition): void {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    into.set('kvs_process_open_fds', readdirSync('/proc/self/fd').length);
    if (limit !== undefined) into.set('kvs_process_max_fds', Number(limit));
  } catch {
    // Another system, or no descriptor left to look with: the absence of the figure tells.
  }
}

/** How late the event loop comes round, in the last 30 to 60 s. */
class LoopDelay {
  private readonly histogram = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  private before = delaysOf(this.histogram);
  private cancel: (() => void) | undefined;

  constructor(private readonly time: Time) {}

  start(): void {
    this.histogram.enable();
    this.turnLater();
  }

  stop(): void {
    this.histogram.disable();
    this.cancel?.();
  }

  readonly read: MetricReader = (into) => {
    const { before } = this;
    const now = delaysOf(this.histogram);
    // Of two histograms that cannot be joined, the worse one counts.
    into.set('kvs_event_loop_delay_median_seconds', Math.max(before.median, now.median));
    into.set('kvs_event_loop_delay_p99_seconds', Math.max(before.p99, now.p99));
    into.set('kvs_event_loop_delay_max_seconds', Math.max(before.max, now.max));
    into.set('kvs_event_loop_busy_seconds_total', performance.eventLoopUtilization().active / 1_000);
  };

  private turnLater(): void {
    this.cancel = this.time.after(TURN_MS, () => {
      this.before = delaysOf(this.histogram);
      this.histogram.reset();
      this.turnLater();
    });
  }
}

/** Delays in seconds. The time between two samples is measured, of which only what exceeds the period is a delay. */
function delaysOf(histogram: IntervalHistogram): Readonly<Record<'median' | 'p99' | 'max', number>> {
  const seconds = (ns: number): number =>
    histogram.count === 0 ? 0 : Math.max(0, ns * NS - SAMPLE_MS / 1_000);
  return {
    median: seconds(histogram.percentile(50)),
    p99: seconds(histogram.percentile(99)),
    max: seconds(histogram.max),
  };
}

const KINDS: ReadonlyMap<unknown, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** Garbage collections by kind, and how long they took. */
class Collections {
  private readonly kinds = new Map(Array.from(KINDS.values(), (kind) => [kind, { runs: 0, ms: 0 }]));
  private readonly observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as typeof entry & { readonly detail?: { readonly kind?: number } };
      const counted = this.kinds.get(KINDS.get(detail?.kind) ?? '');
      if (counted === undefined) continue;
      counted.runs++;
      counted.ms += entry.duration;
    }
  });

  start(): void {
    this.observer.observe({ entryTypes: ['gc'] });
  }

  stop(): void {
    this.observer.disconnect();
  }

  readonly read: MetricReader = (into) => {
    for (const [kind, { runs, ms }] of this.kinds) {
      into.set('kvs_gc_duration_seconds_total', ms / 1_000, kind);
      into.set('kvs_gc_runs_total', runs, kind);
    }
  };
}
