import type { IClientPublishOptions, IPublishPacket, ISubscriptionMap } from 'mqtt';
import type { IncomingMessage, OutgoingMessage } from '../ports/topics.js';

/** What a connection subscribes to. */
export interface TopicFilter {
  readonly filter: string;
  /** The greatest QoS that is asked for; what the broker grants may be less, but 0 only for 0. */
  readonly qos: 0 | 1 | 2;
  /** Whether the broker shall not even send what it has retained. Only MQTT 5 brokers heed it. */
  readonly withoutRetained?: boolean;
  /** Whether the broker shall not send what this connection publishes itself. Only MQTT 5 brokers heed it. */
  readonly withoutOwn?: boolean;
}

/** 4 is MQTT 3.1.1. */
export type MqttVersion = 4 | 5;

/** A message as it came, of either version. */
export function incoming(
  topic: string,
  payload: Buffer,
  { retain, properties }: IPublishPacket,
): IncomingMessage {
  if (properties === undefined) return { topic, payload, retained: retain };
  const { responseTopic, correlationData, messageExpiryInterval } = properties;
  return {
    ...{ topic, payload, retained: retain },
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlation: correlationData }),
    ...(messageExpiryInterval === undefined ? {} : { expirySeconds: messageExpiryInterval }),
  };
}

/** How a message is published in a version. */
export function publishOptions(
  { retain = false, properties }: OutgoingMessage,
  version: MqttVersion,
): IClientPublishOptions {
  if (properties === undefined || version === 4) return { qos: 1, retain };
  const { correlation, user, contentType, expirySeconds } = properties;
  return {
    ...{ qos: 1, retain },
    properties: {
      ...(correlation === undefined ? {} : { correlationData: correlation }),
      ...(user === undefined ? {} : { userProperties: { ...user } }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds }),
    },
  };
}

/** What is subscribed to in a version. */
export function subscriptions(filters: readonly TopicFilter[], version: MqttVersion): ISubscriptionMap {
  return Object.fromEntries(
    filters.map(({ filter, qos, withoutRetained = false, withoutOwn = false }) => [
      filter,
      {
        qos,
        ...(version === 5 && withoutRetained ? { rh: 2 } : {}),
        ...(version === 5 && withoutOwn ? { nl: true } : {}),
      },
    ]),
  );
}
