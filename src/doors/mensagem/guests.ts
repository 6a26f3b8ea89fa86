import { KvsError } from '../../core/errors.js';
import type { Identity } from '../../ports/access.js';
import type { MensagemConnection } from '../../wire/mensagem/connection.js';
import type { WireClient } from '../../wire/mensagem/messages.js';

/** A connection as the door sees it. */
export interface Guest {
  readonly client: WireClient;
  /** Has sent a `Mensagem` that was admitted, and so keeps its place. */
  introduced: boolean;
  /** Another server: it has a reserved place, and may be silent. */
  server: boolean;
  /** The caller's identity, where credentials are required. */
  identity: Identity | undefined;
  /** Arrived when all places were taken: only a server may stay. */
  readonly spare: boolean;
  /** Requests with an id in progress. */
  requests: number;
  /** Called when one of those requests has ended. */
  freed: (() => void) | undefined;
}

/**
 * The connections of the door. Connections that have introduced themselves keep their places. Strangers hold the others
 * only until somebody needs them, so that a crowd of strangers keeps nobody out.
 */
export class Guests {
  private readonly guests = new Map<MensagemConnection, Guest>();

  constructor(
    private readonly places: { readonly connections: number; readonly serverConnections: number },
  ) {}

  get connections(): Iterable<MensagemConnection> {
    return this.guests.keys();
  }

  /** Looks for a free place, evicting the oldest stranger if need be. @returns whether there is no place */
  isFull(): boolean {
    if (this.count(({ server }) => !server) < this.places.connections) return false;
    return !this.part(({ server, introduced, spare }) => !server && !introduced && !spare);
  }

  add(connection: MensagemConnection, guest: Guest): void {
    this.guests.set(connection, guest);
    if (!guest.spare || this.count(({ spare }) => spare) <= this.places.serverConnections) return;
    // Evicts one that has not identified itself as a server: a server does so at once.
    this.part(({ spare, server }) => spare && !server);
  }

  delete(connection: MensagemConnection): void {
    this.guests.delete(connection);
  }

  /** Breaks the connections of other servers. */
  dropServers(): void {
    for (const [connection, { server }] of this.guests) if (server) connection.destroy();
  }

  private count(kind: (guest: Guest) => boolean): number {
    let count = 0;
    for (const guest of this.guests.values()) if (kind(guest)) count++;
    return count;
  }

  /** Evicts the oldest of a kind. @returns whether there was one */
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
