import type { Socket } from 'node:net';
import type { Aedes, Client } from 'aedes';
import { limits } from '../core/limits.js';
import type { Time } from '../ports/time.js';
import type { BrokerUsers } from './broker-users.js';
import type { FrameBounds } from './frame-guard.js';
import { brokerLimits } from './limits.js';

/** A topic is at most 64 KiB, and a packet has a few bytes of its own. */
const TOPIC_AND_MORE_BYTES = 64 * 1024 + 16;

/**
 * Longest packet that the embedded broker accepts from a client now. Before a client has authenticated it is what the
 * portal takes; of users other than servers, longer ones share a room.
 */
export function packetBounds(client: Client, users: BrokerUsers | undefined): FrameBounds {
  const bytes = limits.payloadBytes + TOPIC_AND_MORE_BYTES;
  if (users === undefined || users.isServer(client)) return { bytes };
  const freeBytes = limits.portalPayloadBytes + TOPIC_AND_MORE_BYTES;
  return users.isKnown(client) ? { bytes, freeBytes } : { bytes: freeBytes };
}

/** Whether a client may add a subscription: each costs memory for as long as it is connected. */
export function maySubscribeMore({ subscriptions }: Client & WithSubscriptions, topic: string): boolean {
  return topic in subscriptions || Object.keys(subscriptions).length < brokerLimits.subscriptions;
}

/** What the library keeps of a client, and leaves out of its types. */
export interface WithSubscriptions {
  readonly subscriptions: Readonly<Record<string, unknown>>;
}

/**
 * Makes an unsubscription take effect at once. The library records it one turn later, and then also drops what the
 * client has subscribed to again in between: that listener would never be removed or counted, even after the client
 * has left.
 */
export function giveBackAtOnce(broker: Pick<Aedes, 'unsubscribe'>): void {
  const unsubscribe = broker.unsubscribe.bind(broker);
  broker.unsubscribe = (topic, deliver, done?: () => void) => {
    // The deferred part concerns this one listener only, whatever comes after it.
    unsubscribe(topic, deliver, () => undefined);
    done?.();
  };
}

/** Whether a client is a server of the fleet: its credential says so, only the client says so, or it is neither. */
export type Trust = 'server' | 'perhaps' | 'stranger';

/**
 * Keeps the broker from waiting for a client that does not read, which would make all others wait too. Servers are
 * waited for, since what slows them down also slows down the writers: those with a server credential for as long as
 * the library waits at all, those that only claim to be servers for a moment. What is kept for a client that is not
 * waited for is bounded.
 * @param trustIn asked at each write
 * @param onFull called once, before the client is cut: too much waits for it
 */
export function waitOnlyForServers(
  socket: Socket,
  time: Time,
  trustIn: () => Trust,
  onFull: () => void,
): void {
  const write = socket.write.bind(socket) as (...given: readonly unknown[]) => boolean;
  let cancel: (() => void) | undefined;
  let notBeforeMs = 0;
  const giveUp = (): void => {
    cancel = undefined;
    if (socket.destroyed || !socket.writableNeedDrain) return;
    notBeforeMs = time.monotonicMs() + brokerLimits.unwaitedMs;
    // Lets the waiting broker go on.
    socket.emit('drain');
  };
  const calm = (): void => {
    cancel?.();
    cancel = undefined;
  };
  socket.on('drain', calm);
  socket.once('close', calm);
  socket.write = (...given: readonly unknown[]): boolean => {
    if (write(...given)) return true;
    const trust = trustIn();
    if (trust === 'server') return false;
    const server = trust === 'perhaps';
    if (server && time.monotonicMs() >= notBeforeMs) {
      cancel ??= time.after(brokerLimits.serverPatienceMs, giveUp);
      return false;
    }
    const most = server ? brokerLimits.serverUnreadBytes : brokerLimits.userUnreadBytes;
    if (socket.writableLength > most && !socket.destroyed) {
      onFull();
      socket.destroy();
    }
    return true;
  };
}

/**
 * Makes one `read` return everything that has arrived. The broker's library reads once and then waits for more. That
 * was enough until Node.js 24; from 26 on each `read` returns one of the pieces, and the others would wait for ever.
 */
export function readWhole(socket: Socket): void {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  socket.read = (size?: number | null): Buffer | null => {
    if (typeof size === 'number') return read(size);
    const first = read();
    if (first === null || socket.readableLength === 0) return first;
    const pieces = [first];
    for (let piece = read(); piece !== null; piece = read()) pieces.push(piece);
    return Buffer.concat(pieces);
  };
}
