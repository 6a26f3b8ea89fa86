import { assertRelation, KiB, limits, MiB } from '../core/limits.js';

/** What bounds connections to a broker. */
export const mqttLimits = Object.freeze({
  /** Messages that one connection to a broker may have under way, for batches and for others each. */
  publishWindow: 64,
  /** MQTT keep-alive: a broker that says nothing is given up after one and a half of these. */
  keepaliveSeconds: 5,
  /** From the first byte to the acknowledged subscriptions; beyond, the broker counts as unreachable. */
  connectMs: 3_000,
  /** Messages kept that come before the subscriptions are acknowledged; beyond, the broker counts as unreachable. */
  earlyMessages: 4_096,
  /** First pause between two rounds over the brokers; it doubles with every failed round, with jitter. */
  reconnectBaseMs: 100,
  /** Longest pause between two rounds over the brokers. */
  reconnectCapMs: 5_000,
  /** A connection that lasted this long starts the pauses from the first again. */
  reconnectStableMs: 5_000,
  /** How often a server on a broker of lower preference tries the better ones, ±25 %. */
  returnMs: 60_000,
  /** Longest time for disconnecting from the broker. */
  stopMs: 2_000,
  /** Longest packet that a broker of MQTT 5 may send: a payload, its topic, and what else there is. */
  packetBytes: limits.payloadBytes + 128 * KiB,
  /** Bytes that a connection sets aside that asks for many retained messages. */
  readAheadBytes: 64 * MiB,
  /** Messages of QoS 1 and 2 that a broker of MQTT 5 may have under way to a connection. */
  receivedAtOnce: 256,
  /** A broker that refused MQTT 5 is asked again for it after this, at the next connection. */
  versionRetryMs: 600_000,
});

/** What bounds the embedded broker. */
export const brokerLimits = Object.freeze({
  /** A subscriber that has not read for this long is dropped, so that it cannot hold up the others. */
  drainMs: 3_000,
  /** Connections at once; a further one takes the place of one that has not logged in. */
  connections: 1_024,
  /** Of these connections, those of users other than servers; a further one is refused. */
  userConnections: 768,
  /** Subscriptions of one client; a further one is refused. */
  subscriptions: 64,
  /** Messages of QoS 2 that one client may have begun and not finished; beyond, it is cut. */
  inflight: 64,
  /** Messages that are retained, of servers only; a further one is delivered and not retained. */
  retainedTopics: 100_100,
  /** Their bytes, */
  retainedBytes: 96 * MiB,
  /** each with what the library keeps beside payload and topic. */
  retainedTopicBytes: 512,
  /** Bytes of retained messages under way to a new subscriber; more come as it reads. */
  retainedUnreadBytes: 256 * KiB,
  /** Bytes kept for a user other than a server who does not read; beyond, that user is cut. */
  userUnreadBytes: 2 * MiB,
  /** Bytes that the longer packets of all users other than servers may announce together; beyond, who sends one is cut. */
  userFramesBytes: 64 * MiB,
  /** A client that only calls itself a server and does not read holds up the broker for at most this long. */
  serverPatienceMs: 100,
  /** After that, the broker does not wait for this client for this long, */
  unwaitedMs: 10_000,
  /** and meanwhile keeps this much for it; most of that is shared with what others wait for. */
  serverUnreadBytes: 16 * MiB,
});

assertRelation(mqttLimits.reconnectBaseMs < mqttLimits.reconnectCapMs, 'pauses grow');
assertRelation(
  brokerLimits.drainMs < limits.publishTimeoutMs,
  'a frozen subscriber must not fail the publishes of others',
);
assertRelation(
  // Each has one connection for the fleet and one for the portal's topics.
  brokerLimits.userConnections + 32 <= brokerLimits.connections,
  'users leave the servers of a fleet places at their broker',
);
assertRelation(
  2 * brokerLimits.serverPatienceMs <= brokerLimits.drainMs,
  'a server that does not read is not cut while it is waited for',
);
