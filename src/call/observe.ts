import { Durations } from '../core/durations.js';
import type { ErrorCode, KvsError } from '../core/errors.js';
import type { Logger } from '../ports/logger.js';
import type { Call, DoorName } from './call.js';

/**
 * How a call ended; `ABANDONADO`: its caller left before it had all of the answers. Used as metric labels: few values,
 * none that a caller may choose.
 */
export type CallOutcome = 'OK' | 'ABANDONADO' | ErrorCode;

/**
 * Observes every outcome of every call of every door, refused callers included. It must be cheap and must not throw,
 * since every answer passes through it.
 *
 * A call of one request is one outcome. So is a call that is answered in rows, at its end. In a conversation each
 * request is one outcome, once the engine has settled it, since one call may carry a million of them; a conversation
 * that was refused, or that the stopping server ends, is one further outcome.
 *
 * Not observed: calls cut or refused for their form before anything is read (counted by `RefusedCalls` and
 * `RefusedConnections`), and health checks.
 *
 * @param tookMs from the start of processing until the answer was known, or until a call without end had begun; 0 if
 *   refused at once
 * @param error the error thrown, if any
 */
export type Observe = (call: Call, outcome: CallOutcome, tookMs: number, error?: KvsError) => void;

/** Log messages for a bug or a broken dependency; the caller only learns that there is an internal error. */
const INTERNAL: Readonly<Record<DoorName, string>> = {
  grpc: 'erro interno ao atender um pedido',
  http: 'erro interno ao atender um pedido HTTP',
  mensagem: 'erro interno ao atender um pedido',
  mqtt: 'erro interno ao atender uma mensagem MQTT',
  portal: 'erro interno no portal',
};

/** Outcomes of one operation at one door. */
interface OutcomeCount {
  readonly door: DoorName;
  readonly operation: string;
  readonly outcome: CallOutcome;
  /** Since the start. */
  readonly durations: Readonly<Pick<Durations, 'count' | 'totalMs' | 'buckets'>>;
}

/** Counts the outcomes of one server, and logs the cause of unexpected errors. */
export class CallCounts {
  private readonly doors = new Map<DoorName, Map<string, Map<CallOutcome, Durations>>>();

  constructor(private readonly logger: Logger) {}

  readonly observe: Observe = ({ door, operation }, outcome, tookMs, error) => {
    const known = this.doors.get(door)?.get(operation)?.get(outcome);
    (known ?? this.begin(door, operation, outcome)).add(tookMs);
    if (outcome === 'INTERNO') this.logger.error({ err: error?.cause ?? error }, INTERNAL[door]);
  };

  /** The counts so far, one for each combination that has occurred. */
  *all(): Iterable<OutcomeCount> {
    for (const [door, operations] of this.doors) {
      for (const [operation, outcomes] of operations) {
        for (const [outcome, durations] of outcomes) yield { door, operation, outcome, durations };
      }
    }
  }

  private begin(door: DoorName, operation: string, outcome: CallOutcome): Durations {
    const operations = this.doors.get(door) ?? new Map<string, Map<CallOutcome, Durations>>();
    const outcomes = operations.get(operation) ?? new Map<CallOutcome, Durations>();
    const durations = new Durations();
    this.doors.set(door, operations.set(operation, outcomes.set(outcome, durations)));
    return durations;
  }
}
