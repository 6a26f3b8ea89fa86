import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { Aedes, PublishPacket, Subscription } from 'aedes';
import { brokerLimits } from './limits.js';
import type { RetainedMessage, RetainedShelf } from './retained-shelf.js';

/** What the library keeps retained messages in, and leaves out of its types. */
interface RetainedPersistence {
  storeRetained(packet: PublishPacket): Promise<void>;
  createRetainedStreamCombi(filters: readonly string[]): Readable;
}

/**
 * Has a broker keep its retained messages on a shelf, and send them to a new subscriber as fast as that one reads. The
 * library would write all of them at once, and a subscriber with much before it would be cut for what waits. Each is
 * read from the shelf at the moment when it is sent, so that nothing older comes after something newer.
 */
export function deliverFrom(aedes: Aedes, shelf: RetainedShelf): void {
  const { persistence } = aedes as unknown as { readonly persistence: RetainedPersistence };
  let subscriber: { readonly conn: Duplex; readonly subscriptions: readonly Subscription[] } | undefined;
  const underWay = new WeakMap<Duplex, number>();
  // Told just before the library asks for what is retained.
  aedes.on('subscribe', (subscriptions, { conn }) => {
    subscriber = { conn: conn, subscriptions };
  });
  persistence.storeRetained = () => Promise.resolve();
  persistence.createRetainedStreamCombi = (filters) => {
    if (subscriber === undefined) return Readable.from([]);
    const { conn, subscriptions } = subscriber;
    subscriber = undefined;
    const granted = subscriptions.filter(({ topic }) => filters.includes(topic));
    const count = (underWay.get(conn) ?? 0) + 1;
    underWay.set(conn, count);
    // Each subscription that is not read costs memory, and the same one may be made any number of times.
    if (count > brokerLimits.subscriptions) conn.destroy();
    const onEnd = (): void => void underWay.set(conn, (underWay.get(conn) ?? 1) - 1);
    return Readable.from(paced(packetsOf(shelf, granted), conn, onEnd));
  };
}

async function* paced(
  packets: Iterable<object | undefined>,
  conn: Duplex,
  onEnd: () => void,
): AsyncGenerator<object> {
  try {
    for (const packet of packets) {
      if (packet === undefined) await new Promise((resolve) => setImmediate(resolve));
      while (!conn.destroyed && conn.writableLength > brokerLimits.retainedUnreadBytes) await roomAt(conn);
      if (conn.destroyed) return;
      if (packet !== undefined) yield packet;
    }
  } finally {
    onEnd();
  }
}

/** Resolves once a connection has written what waited, or is gone. */
async function roomAt(conn: Duplex): Promise<void> {
  const either = new AbortController();
  const { signal } = either;
  await Promise.race([once(conn, 'drain', { signal }), once(conn, 'close', { signal })]).catch(
    () => undefined,
  );
  either.abort();
}

function* packetsOf(shelf: RetainedShelf, granted: readonly Subscription[]): Generator<object | undefined> {
  for (const { topic, qos } of granted) {
    for (const message of shelf.matching(topic)) yield message && asPacket(message, Math.min(qos, 1));
  }
}

function asPacket(message: RetainedMessage, qos: number): object {
  const { topic } = message;
  return {
    ...{ cmd: 'publish', qos, topic, retain: true },
    get payload() {
      return message.payload;
    },
  };
}
