/** What the watches of one server came to since its start, for metrics. */
export class WatchCounts {
  /** Events that readers took. */
  events = 0;
  /** Watches ended since their readers were too slow. */
  slowReaders = 0;
}
