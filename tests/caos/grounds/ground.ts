import type { HistoryFile } from '../history.js';
import type { CaosFault } from '../nemesis.js';
import type { CaosServer } from '../server.js';

export interface GroundOptions {
  readonly history: HistoryFile;
  readonly servers: number;
  /** Of the fleet: the last so many servers have no disk. */
  readonly withoutDisk: number;
}

/** Servers of one engine with all that they stand on, and what can be done to it. */
export interface Ground {
  readonly servers: readonly CaosServer[];
  readonly faults: readonly CaosFault[];
  /** Names of services of health that must be well in the end. */
  readonly healthNames: readonly string[];
  /** For people: how faults are made here, and what is left out. */
  readonly remarks: readonly string[];
  /** Starts and connects whatever a run has left otherwise. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** `s1`, `s2`, …. */
export function serverNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `s${String(index + 1)}`);
}
