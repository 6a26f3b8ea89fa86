import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { ProcessFigures } from '../../ports/panel.js';

/** How often the delay of the event loop is sampled, while somebody looks. */
const SAMPLE_MS = 20;
const NS_PER_MS = 1e6;

/** Figures of this process while somebody looks. */
export class ProcessWatch {
  private readonly delays = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  private cpu = process.cpuUsage();

  start(): void {
    this.cpu = process.cpuUsage();
    this.delays.reset();
    this.delays.enable();
  }

  stop(): void {
    this.delays.disable();
  }

  /** @param periodMs since the call before, or the start */
  figures(periodMs: number): ProcessFigures {
    const { user, system } = process.cpuUsage(this.cpu);
    this.cpu = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const { delays } = this;
    // The time between two samples is measured, of which only what exceeds the period is a delay.
    const late = (ns: number): number => (delays.count === 0 ? 0 : Math.max(0, ns / NS_PER_MS - SAMPLE_MS));
    const delay = {
      p50: late(delays.percentile(50)),
      p99: late(delays.percentile(99)),
      max: late(delays.max),
    };
    delays.reset();
    return {
      cpu: periodMs > 0 ? (user + system) / (1_000 * periodMs) : 0,
      residentBytes: rss,
      heapBytes: heapUsed,
      heapBytesMax: getHeapStatistics().heap_size_limit,
      delay,
    };
  }
}
