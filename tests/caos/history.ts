import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** What a run of real processes under faults leaves behind: one JSON object a line. Checkers read nothing else. */

export const ENGINES = ['frota', 'consenso', 'lider', 'particoes'] as const;
export type EngineName = (typeof ENGINES)[number];

/** First line. */
export interface RunRecord {
  readonly kind: 'run';
  readonly engine: EngineName;
  readonly seed: number;
  readonly seconds: number;
  readonly servers: number;
  /** Of the fleet: the last so many servers have no disk. */
  readonly withoutDisk: number;
}

export type CallOp = 'insert' | 'get' | 'remove' | 'removeVersion' | 'compare';

/** One call of one client, however it ended. */
export interface CallRecord {
  readonly kind: 'call';
  readonly process: string;
  /** Number of the session of that client; absent: the call has none. */
  readonly session?: number;
  readonly server: string;
  /** Which incarnation of the server was the latest when the call was made: 1, 2, … */
  readonly life: number;
  readonly op: CallOp;
  readonly key: string;
  /** Of inserts and compares: unique in the run. */
  readonly value?: string;
  /** Of `removeVersion`: which; of `compare`: the version expected, 0 for none. */
  readonly version?: number;
  /** Request id, with the number of the attempt. */
  readonly request?: string;
  readonly attempt?: number;
  /** How many other servers were to confirm, and whether they did. */
  readonly confirm?: number;
  readonly confirmed?: boolean;
  /** Asked once all was well again. */
  readonly last?: true;
  /** Ms of one monotonic clock. */
  readonly called: number;
  readonly returned: number;
  /** `failed`: it was not done and never will be. `unknown`: it may be done at any time after the call, or never. */
  readonly outcome: 'ok' | 'failed' | 'unknown';
  /** Why it is not `ok`, or what kind of nothing was found. */
  readonly code?: string;
  /** Of `ok`: what was told. Version 0: there was nothing. */
  readonly answer?: { readonly version: number; readonly value?: string };
}

export interface FaultRecord {
  readonly kind: 'fault';
  readonly fault: string;
  readonly target: string;
  readonly from: number;
  readonly until: number;
}

/** A life of a server that is over. */
export interface EndRecord {
  readonly kind: 'end';
  readonly server: string;
  readonly life: number;
  readonly at: number;
  /** `itself`: nobody killed it. */
  readonly by: 'fault' | 'itself';
  readonly said?: string;
}

/** What a server holds once all is well: each entry of each key that the run touched. */
export interface FinalRecord {
  readonly kind: 'final';
  readonly server: string;
  readonly health: Readonly<Record<string, string>>;
  readonly agrees: boolean;
  readonly rows: readonly FinalRow[];
}

/** Key, value, version. */
export type FinalRow = readonly [string, string, number];

/** A line of a server's log that no fault excuses. */
export interface AlarmRecord {
  readonly kind: 'alarm';
  readonly server: string;
  readonly text: string;
}

export type CaosRecord = RunRecord | CallRecord | FaultRecord | EndRecord | FinalRecord | AlarmRecord;

/** A whole history. */
export interface CaosHistory {
  readonly run: RunRecord;
  readonly calls: readonly CallRecord[];
  readonly faults: readonly FaultRecord[];
  readonly ends: readonly EndRecord[];
  readonly finals: readonly FinalRecord[];
  readonly alarms: readonly AlarmRecord[];
}

/** Writes records as they come, so that a run that is cut leaves its history too. */
export class HistoryFile {
  private readonly stream: WriteStream;
  private failure: Error | undefined;

  constructor(readonly path: string) {
    this.stream = createWriteStream(path, { flags: 'w', mode: 0o600 });
    this.stream.on('error', (error) => (this.failure ??= error));
  }

  add(record: CaosRecord): void {
    this.stream.write(`${JSON.stringify(record)}\n`);
  }

  /** @throws what kept a record from being written: a history with holes would accuse the servers */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.stream.end(resolve));
    if (this.failure !== undefined) throw this.failure;
  }
}

/** @throws Error if it is none, or if its run did not come to its end */
export async function readHistory(path: string): Promise<CaosHistory> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  return historyOf(lines.map((line) => JSON.parse(line) as CaosRecord));
}

/** @throws Error unless a run begins it */
export function historyOf(records: readonly CaosRecord[]): CaosHistory {
  const [run] = records;
  if (run?.kind !== 'run') throw new Error('o histórico não começa com a execução');
  const of = <K extends CaosRecord['kind']>(kind: K): Extract<CaosRecord, { kind: K }>[] => {
    return records.filter((record): record is Extract<CaosRecord, { kind: K }> => record.kind === kind);
  };
  return {
    run,
    calls: of('call').sort((a, b) => a.called - b.called),
    faults: of('fault'),
    ends: of('end'),
    finals: of('final'),
    alarms: of('alarm'),
  };
}
