import type { MqttBus } from '../../engines/fleet/bus/mqtt-bus.js';
import type { MetricReader } from '../../metrics/exposition.js';
import type { LocalBroker } from '../../mqtt/local-broker.js';

/** The broker and what goes through it. @param local `undefined`: the broker is another program's */
export function brokerMetrics(bus: MqttBus, local: LocalBroker | undefined): MetricReader {
  return (into) => {
    const { counters } = bus;
    into.set('kvs_broker_connected', bus.connected ? 1 : 0);
    into.set('kvs_broker_own', local?.hosting === true ? 1 : 0);
    into.set('kvs_broker_reconnects_total', counters.reconnects);
    into.set('kvs_broker_unacknowledged_messages', counters.unacknowledged);
    into.set('kvs_broker_sent_messages_total', counters.published);
    into.set('kvs_broker_sent_bytes_total', counters.publishedBytes);
    into.set('kvs_broker_failed_messages_total', counters.failed);
    into.set('kvs_broker_received_messages_total', counters.received);
    into.set('kvs_broker_received_bytes_total', counters.receivedBytes);
    into.setEach('kvs_broker_dropped_messages_total', counters.dropped);
    into.set('kvs_broker_other_keys', bus.hearsOtherKeys ? 1 : 0);
    if (local?.held === undefined) return;
    into.setEach('kvs_broker_refused_connections_total', local.held.refused);
    into.setEach('kvs_broker_refused_clients_total', local.held.refusedUsers);
  };
}
