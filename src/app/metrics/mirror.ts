import type { Mirror } from '../../doors/mqtt/mirror.js';
import type { MetricReader } from '../../metrics/exposition.js';

/** The values shown as topics of MQTT. @param mirror `undefined`: this server shows none */
export function mirrorMetrics(mirror: Pick<Mirror, 'view'> | undefined): MetricReader {
  return (into) => {
    if (mirror === undefined) return;
    const { topics, bytes, waiting, published, failed, corrected, walks, isBeyond, uncarried } = mirror.view;
    into.set('kvs_mqtt_mirror_topics', topics);
    into.set('kvs_mqtt_mirror_bytes', bytes);
    into.set('kvs_mqtt_mirror_waiting_topics', waiting);
    into.set('kvs_mqtt_mirror_full', isBeyond ? 1 : 0);
    into.set('kvs_mqtt_mirror_keys_without_topic', uncarried);
    into.set('kvs_mqtt_mirror_published_total', published);
    into.set('kvs_mqtt_mirror_failed_total', failed);
    into.set('kvs_mqtt_mirror_corrected_total', corrected);
    into.set('kvs_mqtt_mirror_walks_total', walks);
  };
}
