import type { ErrorCode, KvsError } from '../core/errors.js';
import type { Logger } from '../ports/logger.js';
import type { Call, DoorName } from './call.js';

/**
 * How something that was called ended; `ABANDONADO`: its caller went away before it had all of the answers. Labels of metrics:
 * a few, and none that a caller may choose.
 */
export type CallOutcome = 'OK' | 'ABANDONADO' | ErrorCode;

/**
 * Sees every outcome of every call of every door, refusals of whoever is not let in among them. It must be cheap and must not throw:
 * it stands in the way of each answer.
 *
 * A call of one request is one outcome. So is a call that is answered in rows, at its end. In a conversation each request is one,
 * once the engine has settled it, since one call may carry a million of them; a conversation that nobody was let into, and one
 * that the leaving server ends, is one of its own.
 *
 * Not seen: what is cut or refused by its form before anything of it is read (`RefusedCalls`, `RefusedConnections` count that), and health.
 *
 * @param tookMs from when the request was taken up until its answer was known; 0 where it was refused at once
 * @param error what was thrown, where something was
 */
export type Observe = (call: Call, outcome: CallOutcome, tookMs: number, error?: KvsError) => void;

/** What operators read of a bug or a broken dependency; the caller is told only that there is one. */
const INTERNAL: Readonly<Record<DoorName, string>> = {
  grpc: 'erro interno ao atender um pedido',
  mensagem: 'erro interno ao atender um pedido',
  portal: 'erro interno no portal',
};

/** Outcomes of one operation at one door. */
interface OutcomeCount {
  readonly door: DoorName;
  readonly operation: string;
  readonly outcome: CallOutcome;
  /** Since the start. */
  readonly count: number;
  /** All of them together. */
  readonly totalMs: number;
}

interface Cell {
  count: number;
  totalMs: number;
}

/** Counts the outcomes of one server, and logs the cause of what nobody expected. */
export class CallCounts {
  private readonly doors = new Map<DoorName, Map<string, Map<CallOutcome, Cell>>>();

  constructor(private readonly logger: Logger) {}

  readonly observe: Observe = ({ door, operation }, outcome, tookMs, error) => {
    const cell = this.doors.get(door)?.get(operation)?.get(outcome) ?? this.add(door, operation, outcome);
    cell.count++;
    cell.totalMs += tookMs;
    if (outcome === 'INTERNO') this.logger.error({ err: error?.cause ?? error }, INTERNAL[door]);
  };

  /** What was counted so far, one line for each that has happened. */
  *all(): Iterable<OutcomeCount> {
    for (const [door, operations] of this.doors) {
      for (const [operation, outcomes] of operations) {
        for (const [outcome, cell] of outcomes) yield { door, operation, outcome, ...cell };
      }
    }
  }

  private add(door: DoorName, operation: string, outcome: CallOutcome): Cell {
    const operations = this.doors.get(door) ?? new Map<string, Map<CallOutcome, Cell>>();
    const outcomes = operations.get(operation) ?? new Map<CallOutcome, Cell>();
    const cell = { count: 0, totalMs: 0 };
    this.doors.set(door, operations.set(operation, outcomes.set(outcome, cell)));
    return cell;
  }
}
