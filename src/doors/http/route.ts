import type { IncomingHttpHeaders } from 'node:http';
import type { DoorOperation, RowsOperation } from '../../call/operation.js';
import type { BatchPair } from './batch.js';
import type { BodyKind } from './forms.js';
import type { HttpAnswer } from './exchange.js';
import type { httpLimits } from './limits.js';
import type { QuerySchema } from './query.js';

/** A request that has been read and checked. */
export interface RouteRequest<Query> {
  /** Empty on routes without one. */
  readonly key: string;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  /** The form of the answer that the client takes. */
  readonly form: string;
  /** The body; absent on routes without one. */
  readonly value?: string;
}

/** How rows are written one after the other. */
export interface RowForm {
  readonly open: string;
  readonly between: string;
  readonly close: string;
  /** Told to a client that has seen rows; absent: its answer is cut, which it notices. */
  readonly failed?: (error: { readonly code: string }) => string;
  /** Sent now and then, so that a quiet stream shows that it is there. */
  readonly heartbeat?: string;
  /** A reader that takes nothing for so long is cut; absent: it is waited for. */
  readonly patienceMs?: number;
  /** Rows without end: the limit on how many there are at once. Absent: they end by themselves. */
  readonly streams?: keyof Pick<typeof httpLimits, 'eventStreams' | 'panelStreams'>;
}

/** What a method of a route does. */
export type RouteAction =
  | { readonly kind: 'one'; readonly operation: DoorOperation<RouteRequest<unknown>, HttpAnswer> }
  | {
      readonly kind: 'rows';
      readonly operation: RowsOperation<RouteRequest<unknown>, unknown, string>;
      readonly rows: RowForm;
    }
  | { readonly kind: 'lines'; readonly operation: DoorOperation<BatchPair, number> };

/** One method of one route: what checks its requests, what describes it, what it does. */
export interface RouteMethod {
  readonly query: QuerySchema;
  /** Forms of the answer, the usual one first; several: the client's `Accept` chooses. */
  readonly forms: readonly [string, ...string[]];
  /** Absent: a body is ignored. */
  readonly body?: BodyKind;
  readonly action: RouteAction;
}

/** Makes a method, whose types of requests are hidden. */
export function routeMethod<Query, T>(
  given: Omit<RouteMethod, 'action'> & {
    readonly action:
      | { readonly kind: 'one'; readonly operation: DoorOperation<RouteRequest<Query>, HttpAnswer> }
      | {
          readonly kind: 'rows';
          readonly operation: RowsOperation<RouteRequest<Query>, T, string>;
          readonly rows: RowForm;
        };
  },
): RouteMethod {
  return given as unknown as RouteMethod;
}
