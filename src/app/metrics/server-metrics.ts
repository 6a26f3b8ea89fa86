import { Exposition, EXPOSITION_TYPE } from '../../metrics/exposition.js';
import type { MetricReader } from '../../metrics/exposition.js';
import type { MetricsSource } from '../../ports/metrics.js';

/** The figures of one server: everything is counted where it happens, and read here when somebody asks. */
export class ServerMetrics {
  private readonly readers: MetricReader[] = [];

  /** Adds figures; what is read may begin later than the doors, which show it. */
  add(...readers: readonly MetricReader[]): void {
    this.readers.push(...readers);
  }

  readonly source: MetricsSource = () => {
    const into = new Exposition();
    for (const read of this.readers) read(into);
    return Promise.resolve({ type: EXPOSITION_TYPE, text: into.text() });
  };
}
