import type { CallCounts } from '../../call/observe.js';
import type { Doors } from '../../doors/start.js';
import { programVersion } from '../../files/program-version.js';
import type { MetricReader } from '../../metrics/exposition.js';
import type { HasCapacity, Usage } from '../../ports/capacity.js';
import type { WatchFigures } from '../../ports/watch.js';
import type { CredentialTable } from '../../security/access/table.js';
import type { Transport } from '../../security/tls/transport.js';

/** What is running. @param fleet its name; empty on engines that have none */
export function buildMetrics(engine: string, fleet = ''): MetricReader {
  const version = programVersion();
  return (into) => {
    into.set('kvs_build_info', 1, version, process.versions.node, engine, fleet);
  };
}

/** Every call of every door. */
export function callMetrics(counts: CallCounts): MetricReader {
  return (into) => {
    for (const { door, operation, outcome, durations } of counts.all()) {
      into.set('kvs_door_calls_total', durations.count, door, operation, outcome);
      into.durations('kvs_door_call_duration_seconds', durations, door, operation, outcome);
    }
  };
}

/** What a port has open and refuses, and the health that it tells. */
export function doorMetrics({ usage, health, refused, refusedCalls }: Doors): MetricReader {
  return (into) => {
    for (const [name, good] of health()) into.set('kvs_health', good ? 1 : 0, name || 'servidor');
    const { connections, openCalls, unfinishedBytes } = usage();
    into.set('kvs_door_connections', connections);
    into.set('kvs_door_open_calls', openCalls);
    into.set('kvs_door_unfinished_bytes', unfinishedBytes);
    into.setEach('kvs_refused_connections_total', refused);
    into.setEach('kvs_refused_calls_total', refusedCalls);
  };
}

/** Who was refused, and until when the certificate holds. */
export function securityMetrics(
  table: Pick<CredentialTable, 'refusals'> | undefined,
  transport: Pick<Transport, 'expiresMs'> | undefined,
): MetricReader {
  return (into) => {
    if (table !== undefined) into.setEach('kvs_refused_access_total', table.refusals);
    const expiresMs = transport?.expiresMs;
    if (expiresMs !== undefined) into.set('kvs_certificate_expiry_timestamp_seconds', expiresMs / 1_000);
  };
}

/** The watches of a server. */
export function watchMetrics(watches: { readonly figures: WatchFigures }): MetricReader {
  return (into) => {
    const { open, events, slowReaders, queuedBytes } = watches.figures;
    into.set('kvs_watches', open);
    into.set('kvs_watch_events_total', events);
    into.set('kvs_watch_slow_readers_total', slowReaders);
    into.set('kvs_watch_queued_bytes', queuedBytes);
  };
}

/**
 * How full a server is. Keys are never named: of several that are near their limit, the fullest counts.
 * @param crowdedRefusals writes refused for the versions of a key, whichever
 */
export function capacityMetrics(engine: HasCapacity, crowdedRefusals: () => number = () => 0): MetricReader {
  return (into) => {
    const fullest = new Map<string, Usage>();
    for (const usage of engine.capacity()) {
      const known = fullest.get(usage.name);
      if (known === undefined || usage.used / usage.limit > known.used / known.limit)
        fullest.set(usage.name, usage);
    }
    for (const [name, { used, limit, refused }] of fullest) {
      into.set('kvs_limit_used', used, name);
      into.set('kvs_limit_max', limit, name);
      if (name !== 'versoes') into.set('kvs_limit_refused_total', refused, name);
    }
    // Keys come and go, and a counter must not fall with them.
    into.set('kvs_limit_refused_total', crowdedRefusals(), 'versoes');
  };
}
