import { KvsError } from '../../src/core/errors.js';
import type { Row } from '../../src/ports/engine.js';
import type { FleetEngine } from '../../src/engines/fleet/engine.js';
import { Violation, type TrueState } from './oracle.js';
import { isExpired, lastOf } from './oracle-view.js';
import type { FleetChecker } from './sim-checkers.js';
import { verbs } from './verbs.js';

/**
 * A reader that takes its time over every version of every key, while keys are forgotten and their slots used again. It
 * must see what was there when it began, each row once, but for what has expired by then.
 */
export class SimScan {
  private readonly rows: Iterator<Row | undefined>;
  private state: TrueState | undefined;
  private readonly seen = new Set<string>();
  private readonly reusedBefore: number;

  constructor(
    private readonly engine: FleetEngine,
    private readonly fleet: FleetChecker,
  ) {
    this.reusedBefore = fleet.life.reused;
    this.rows = (verbs(engine).everything() as Iterable<Row | undefined>)[Symbol.iterator]();
  }

  /** Reads a few rows. @returns whether there may be more */
  read(rows: number): boolean {
    const { store } = this.engine;
    // A scan is of the moment of the request for its first row.
    this.state ??= this.fleet.oracle.stateAt(store.vector.entries());
    try {
      for (let i = 0; i < rows; i++) {
        const next = this.rows.next();
        if (next.done === true) return this.end();
        if (next.value) this.take(next.value);
      }
    } catch (error) {
      if (!(error instanceof KvsError) || error.code !== 'LEITURA_VENCIDA') throw error;
      this.fleet.life.scansEnded++;
      return false;
    }
    return true;
  }

  private take(row: Row): void {
    const text = textOf(row);
    if (this.seen.has(text)) throw new Violation(`${this.engine.origin} scans ${text} twice`);
    this.seen.add(text);
    const entries = this.state?.keys.get(row.key)?.entries ?? [];
    if (!entries.some((entry) => textOf({ key: row.key, ...entry }) === text))
      throw new Violation(`${this.engine.origin} scans ${text}, which was not there when the scan began`);
  }

  private end(): boolean {
    const nowMs = this.engine.store.clock.nowMs();
    for (const [key, { entries }] of this.state?.keys ?? []) {
      // A key of which only history is left is left out: in a copy it would come back to life.
      if (lastOf(entries, nowMs, undefined) === undefined) continue;
      for (const entry of entries) {
        const text = textOf({ key, ...entry });
        if (!isExpired(entry, nowMs) && !this.seen.has(text))
          throw new Violation(`${this.engine.origin} leaves out ${text} of a scan`);
      }
    }
    this.fleet.life.scans++;
    if (this.fleet.life.reused > this.reusedBefore) this.fleet.life.scansOverReuse++;
    return false;
  }
}

function textOf({ key, value, version, timestamp }: Omit<Row, 'expiresAt'>): string {
  return `${JSON.stringify(key)} ${version}@${timestamp} ${value}`;
}
