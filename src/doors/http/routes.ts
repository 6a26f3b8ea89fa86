/** Every path of the door, and what each of its methods does. */
import type { MetricsSource } from '../../ports/metrics.js';
import type { Panel } from '../../ports/panel.js';
import type { StatusSource } from '../../ports/status.js';
import { batchOperation } from './batch.js';
import { EVENTS_FORM, LINE_FORM, LINES_FORM, VALUE_FORM } from './forms.js';
import { keyOperations } from './key-operations.js';
import { httpLimits } from './limits.js';
import { historyOperation, listOperation, watchOperation } from './list-operations.js';
import { panelOperation } from './panel-operation.js';
import { panelEndLine } from './panel-lines.js';
import type { RouteMethod } from './route.js';
import { routeMethod } from './route.js';
import { NO_QUERY, QUERIES } from './schemas.js';
import { metricsOperation, statusOperation } from './status-operations.js';

/** Methods that a route may have; HEAD goes with GET. */
export type RouteMethodName = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** A path with what its methods do. */
export interface Route {
  /** As OpenAPI writes it: `/v1/chaves/{chave}`. Also the name of its calls, for metrics. */
  readonly path: string;
  /** What feeds the panel is no contract: the document of OpenAPI leaves it out. */
  readonly isForPanel?: true;
  readonly methods: Readonly<Partial<Record<RouteMethodName, RouteMethod>>>;
}

interface RouteSources {
  readonly status: StatusSource;
  readonly metrics: MetricsSource | undefined;
  readonly panel: Panel | undefined;
}

/** All paths that calls are made to; the others are pages. */
export function routesOf({ status, metrics, panel }: RouteSources): readonly Route[] {
  const { read, write, remove } = keyOperations(status);
  const history = historyOperation(status);
  const json = { forms: [LINE_FORM] } as const;
  const keyMethods = (queries: {
    readonly read: typeof QUERIES.read;
    readonly write: typeof QUERIES.write;
    readonly remove: typeof QUERIES.remove;
  }): Route['methods'] => ({
    GET: routeMethod({
      query: queries.read,
      forms: [VALUE_FORM, LINE_FORM],
      action: { kind: 'one', operation: read },
    }),
    PUT: routeMethod({
      ...json,
      query: queries.write,
      body: 'value',
      action: { kind: 'one', operation: write },
    }),
    DELETE: routeMethod({ ...json, query: queries.remove, action: { kind: 'one', operation: remove } }),
  });
  const historyMethods = (query: typeof NO_QUERY): Route['methods'] => ({
    GET: routeMethod({ ...json, query, action: { kind: 'rows', operation: history, rows: JSON_ARRAY } }),
  });
  const named = { read: QUERIES.readNamed, write: QUERIES.writeNamed, remove: QUERIES.removeNamed };
  return [
    { path: '/v1/chaves/{chave}', methods: keyMethods(QUERIES) },
    { path: '/v1/chave', methods: keyMethods(named) },
    {
      path: '/v1/chaves',
      methods: {
        GET: routeMethod({
          ...json,
          query: QUERIES.list,
          action: { kind: 'one', operation: listOperation(status) },
        }),
      },
    },
    { path: '/v1/historico/{chave}', methods: historyMethods(NO_QUERY) },
    { path: '/v1/historico', methods: historyMethods(QUERIES.named) },
    {
      path: '/v1/lote',
      methods: {
        POST: {
          query: NO_QUERY,
          forms: [LINES_FORM],
          body: 'lines',
          action: { kind: 'lines', operation: batchOperation },
        },
      },
    },
    {
      path: '/v1/observa',
      methods: {
        GET: routeMethod({
          query: QUERIES.watch,
          forms: [EVENTS_FORM],
          action: { kind: 'rows', operation: watchOperation(status), rows: EVENTS },
        }),
      },
    },
    {
      path: '/v1/estado',
      methods: {
        GET: routeMethod({
          ...json,
          query: NO_QUERY,
          action: { kind: 'one', operation: statusOperation(status) },
        }),
      },
    },
    {
      path: '/v1/painel',
      isForPanel: true,
      methods: {
        GET: routeMethod({
          query: NO_QUERY,
          forms: [LINES_FORM],
          action: { kind: 'rows', operation: panelOperation(panel), rows: PANEL_LINES },
        }),
      },
    },
    {
      path: '/metrics',
      methods: {
        GET: routeMethod({
          query: NO_QUERY,
          // Whoever gathers figures asks for several formats, and takes this one.
          forms: ['*/*'],
          action: { kind: 'one', operation: metricsOperation(metrics) },
        }),
      },
    },
  ];
}

const JSON_ARRAY = { open: '[', between: ',\n', close: ']\n' } as const;

const PANEL_LINES = {
  ...{ open: '', between: '', close: '' },
  failed: ({ code }: { readonly code: string }) => panelEndLine(code),
  streams: 'panelStreams',
  patienceMs: httpLimits.panelPatienceMs,
} as const;

/** A comment is no event. */
const EVENTS = {
  ...{ open: '', between: '', close: '' },
  failed: ({ code }: { readonly code: string }) => `: ${code}\n\n`,
  heartbeat: ':\n\n',
  streams: 'eventStreams',
} as const;
