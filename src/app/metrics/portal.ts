import type { MetricReader } from '../../metrics/exposition.js';
import type { Gateway } from '../../portal/gateway.js';

/** The topics of the portal. @param gateway `undefined`: this server has none */
export function portalMetrics(gateway: Pick<Gateway, 'acts' | 'queued'> | undefined): MetricReader {
  return (into) => {
    if (gateway === undefined) return;
    const { incoming, outgoing } = gateway.queued;
    into.set('kvs_portal_gateway', gateway.acts ? 1 : 0);
    into.set('kvs_portal_queued_messages', incoming, 'chegando');
    into.set('kvs_portal_queued_messages', outgoing, 'saindo');
  };
}
