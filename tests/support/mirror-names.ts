import { FleetTopics, keyOfTopic } from '../../src/doors/mqtt/topic-names.js';

export const FLEET = 'lab';
export const VALUES = `kvs/${FLEET}/valor/`;
export const ABOUT = `kvs/${FLEET}/espelho`;
export const names = new FleetTopics(FLEET);
/** The key of a topic of a value; `undefined`: it is no key's. */
export const keyOf = (topic: string): string | undefined => {
  try {
    return keyOfTopic(topic.slice(VALUES.length));
  } catch {
    return undefined;
  }
};

export const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
