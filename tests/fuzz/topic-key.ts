import { PARTS } from '../../src/doors/mqtt/topic-names.js';
import type { FleetTopics } from '../../src/doors/mqtt/topic-names.js';

/** What a topic has for a key; `undefined`: no topic is so long. */
export function topicKey(topics: FleetTopics, key: string): string | undefined {
  const topic = topics.ofKey(PARTS.value, key);
  return topic === undefined ? undefined : topics.rest(PARTS.value, topic);
}
