import type { Socket } from 'node:net';
import type { Aedes, Client } from 'aedes';
import { limits } from '../core/limits.js';
import type { Time } from '../ports/time.js';
import type { BrokerUsers } from './broker-users.js';
import { brokerLimits } from './limits.js';

/** A topic is at most 64 KiB, and a packet has a few bytes of its own. */
const TOPIC_AND_MORE_BYTES = 64 * 1024 + 16;

/**
 * Longest packet that the embedded broker takes of a client now: until it has said who it is, as much as saying so takes;
 * from users who are no servers, what the portal takes.
 */
export function packetBytesMax(client: Client, users: BrokerUsers | undefined): number {
  if (users === undefined || users.isServer(client)) return limits.payloadBytes + TOPIC_AND_MORE_BYTES;
  return limits.portalPayloadBytes + TOPIC_AND_MORE_BYTES;
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
 * Makes that the broker knows at once what a client has given back. The library takes note of it a turn later, and forgets
 * with it what the client has asked for anew meanwhile: that would be listened for without end, counted by nobody, also
 * when the client has left.
 */
export function giveBackAtOnce(broker: Pick<Aedes, 'unsubscribe'>): void {
  const unsubscribe = broker.unsubscribe.bind(broker);
  broker.unsubscribe = (topic, deliver, done?: () => void) => {
    // What is put off concerns this one listener, whatever comes after it.
    unsubscribe(topic, deliver, () => undefined);
    done?.();
  };
}

/** Whether a client is a server of the fleet: its credential says so, it says so itself, or it is somebody else. */
export type Trust = 'server' | 'perhaps' | 'stranger';

/**
 * Makes that the broker does not wait for a client that does not read: while it does, all others wait too. Servers are
 * waited for, since what slows them down also slows down those who write: those whose credential says that they are, for as
 * long as the library waits at all; those who only say so, for a moment. Of whoever is not waited for so much is kept, and
 * no more.
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
    // Whoever waits goes on.
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
 * Makes that one `read` gives all that has come. The broker's library reads once and then waits for more, which until
 * Node.js 24 was enough: from 26 on each `read` gives one of the pieces, and the others would wait for ever.
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
