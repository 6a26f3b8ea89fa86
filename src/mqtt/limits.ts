import { assertRelation, limits, MiB } from '../core/limits.js';

/** What bounds connections to a broker. */
export const mqttLimits = Object.freeze({
  /** Messages that one connection to a broker may have under way, for batches and for others each. */
  publishWindow: 64,
  /** MQTT keep-alive: a broker that says nothing is given up after one and a half of these. */
  keepaliveSeconds: 5,
  /** From the first byte to the acknowledged subscriptions; beyond, the broker counts as unreachable. */
  connectMs: 3_000,
  /** First pause between two rounds over the brokers; it doubles with every failed round, with jitter. */
  reconnectBaseMs: 100,
  /** Longest pause between two rounds over the brokers. */
  reconnectCapMs: 5_000,
  /** A connection that lasted this long starts the pauses from the first again. */
  reconnectStableMs: 5_000,
  /** How often a server on a broker of lower preference tries the better ones, ±25 %. */
  returnMs: 60_000,
  /** Taking leave of the broker may take this long. */
  stopMs: 2_000,
});

/** What bounds the embedded broker. */
export const brokerLimits = Object.freeze({
  /** The embedded broker drops a subscriber that has not read for this long, so that it cannot hold up the others. */
  drainMs: 3_000,
  /** Connections that the embedded broker holds at once; a further one takes the place of one that has not logged in. */
  connections: 1_024,
  /** Of these, connections of users who are no servers: further ones are refused. */
  userConnections: 768,
  /** Subscriptions of one client of the embedded broker; further ones are refused. */
  subscriptions: 64,
  /** Messages of QoS 2 that one of its clients may have begun and not finished; beyond, it is cut. */
  inflight: 64,
  /** What it keeps for a user, no server, who does not read; beyond, that one is cut. */
  userUnreadBytes: 2 * MiB,
  /** The embedded broker waits so long, and all with it, for who only says to be a server and does not read; */
  serverPatienceMs: 100,
  /** then it does not for so long, while as much is kept for it as this, of which most is shared with what others wait for. */
  unwaitedMs: 10_000,
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
