import { KvsError } from '../../core/errors.js';
import type { Identity } from '../../ports/access.js';
import type { MensagemConnection } from '../../wire/mensagem/connection.js';
import type { WireClient } from '../../wire/mensagem/messages.js';

/** A connection as the door sees it. */
export interface Guest {
  readonly client: WireClient;
  /** Has said something that is a `Mensagem` and was let through: keeps its place. */
  introduced: boolean;
  /** Another server: it has a place of its own, and may be silent. */
  server: boolean;
  /** Who that is, where credentials are asked for. */
  identity: Identity | undefined;
  /** Came when all places were taken: only a server may stay. */
  readonly spare: boolean;
  /** Requests with an id in progress. */
  requests: number;
  /** Called when one of them has ended. */
  freed: (() => void) | undefined;
}

/**
 * Who is at the door. Places belong to who has introduced himself; strangers hold the others until somebody comes, so that
 * however many they are they keep nobody out.
 */
export class Guests {
  private readonly guests = new Map<MensagemConnection, Guest>();

  constructor(
    private readonly places: { readonly connections: number; readonly serverConnections: number },
  ) {}

  get connections(): Iterable<MensagemConnection> {
    return this.guests.keys();
  }

  /** Looks for a place, which the oldest stranger gives up if need be. @returns whether there is none */
  isFull(): boolean {
    if (this.count(({ server }) => !server) < this.places.connections) return false;
    return !this.part(({ server, introduced, spare }) => !server && !introduced && !spare);
  }

  add(connection: MensagemConnection, guest: Guest): void {
    this.guests.set(connection, guest);
    if (!guest.spare || this.count(({ spare }) => spare) <= this.places.serverConnections) return;
    // Of those who may be servers and have not said so: a server says it at once.
    this.part(({ spare, server }) => spare && !server);
  }

  delete(connection: MensagemConnection): void {
    this.guests.delete(connection);
  }

  private count(kind: (guest: Guest) => boolean): number {
    let count = 0;
    for (const guest of this.guests.values()) if (kind(guest)) count++;
    return count;
  }

  /** Parts the oldest of a kind. @returns whether there was one */
  private part(kind: (guest: Guest) => boolean): boolean {
    for (const [connection, guest] of this.guests) {
      if (!kind(guest)) continue;
      this.guests.delete(connection);
      connection.dismiss(full());
      return true;
    }
    return false;
  }
}

export function full(): KvsError {
  return new KvsError('LIMITE_PEDIDOS', 'conexões demais neste servidor; tente outro, ou este daqui a pouco');
}
