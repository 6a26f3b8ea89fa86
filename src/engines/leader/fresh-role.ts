import { KvsError } from '../../core/errors.js';
import type { Answers, OfKind } from '../../ports/engine.js';
import type { Pauses } from '../../ports/pauses.js';
import type { Time } from '../../ports/time.js';
import type { MensagemConnection } from '../../wire/mensagem/connection.js';
import { mensagemLimits } from '../../wire/mensagem/limits.js';
import type { LeaderRole } from './role.js';
import type { Mensagem, WireClient } from '../../wire/mensagem/messages.js';
import type { OrderedWrite } from '../../wire/mensagem/writes.js';

/** A role as its door uses it. */
export type DoorRole = Pick<LeaderRole, 'put' | 'write' | 'onServerMessage' | 'onClosed'>;

/**
 * A role that refuses the writes that waited at its door while this process stood still: with SERVIDOR_PAROU, nothing
 * done. `Mensagem` cannot tell which requests were waiting, so all writes are refused for a moment after a pause.
 * Reads change nothing, and the contract has no answer that refuses one.
 */
export class FreshRole implements DoorRole {
  private endedAtMs = -Infinity;

  constructor(
    private readonly role: LeaderRole,
    private readonly pauses: Pauses,
    private readonly time: Time,
  ) {
    pauses.onEnd(() => {
      this.endedAtMs = time.monotonicMs();
    });
  }

  put(key: string, value: string, client: WireClient): Promise<number> {
    this.assertFresh();
    return this.role.put(key, value, client);
  }

  write<K extends OrderedWrite['kind']>(write: OfKind<OrderedWrite, K>): Promise<Answers[K]> {
    this.assertFresh();
    return this.role.write<K>(write);
  }

  onServerMessage(connection: MensagemConnection, message: Mensagem): boolean {
    return this.role.onServerMessage(connection, message);
  }

  onClosed(connection: MensagemConnection): void {
    this.role.onClosed(connection);
  }

  /** @throws KvsError SERVIDOR_PAROU */
  private assertFresh(): void {
    this.pauses.look();
    if (this.time.monotonicMs() - this.endedAtMs >= mensagemLimits.backlogMs) return;
    throw new KvsError(
      'SERVIDOR_PAROU',
      'o servidor esteve parado enquanto este pedido esperava; nada foi feito: repita',
    );
  }
}
