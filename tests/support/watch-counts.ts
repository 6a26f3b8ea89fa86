/** What a watch went through. */
export interface WatchCounts {
  inserts: number;
  removals: number;
  expiries: number;
  presents: number;
  restarts: number;
  /** Restarts of a watch whose server had joined a state. */
  joinRestarts: number;
  upToDates: number;
  /** Tokens that name a mutation which was told in part, and those that only say to start over. */
  cuts: number;
  startOvers: number;
}

export function noWatchCounts(): WatchCounts {
  return {
    ...{ inserts: 0, removals: 0, expiries: 0, presents: 0, restarts: 0, joinRestarts: 0 },
    ...{ upToDates: 0, cuts: 0, startOvers: 0 },
  };
}
