import type { LinkCut } from '../../ports/link-cut.js';
import type { ArrivalEffect, MessageTap, PassingMessage } from '../../ports/trace.js';
import type { Mensagem } from './messages.js';

/** A laboratory's hold on the connections between servers. */
export interface LinkLaboratory {
  readonly tap: MessageTap;
  readonly cut: LinkCut;
  /** Mutations that this server has applied so far. */
  appliedMutations(): number;
}

/** Stands for a credential, which nobody is shown. */
const HIDDEN = '…';

/** Tells the lines of one connection between servers, as they leave and as they arrive. */
export class LineTap {
  /** What the line that is being handled does, as far as that is said. */
  effect: ArrivalEffect = 'noted';

  /** @param peer address of the other server; absent: the line with which it introduces itself tells */
  constructor(
    private readonly laboratory: LinkLaboratory,
    private peer?: string,
  ) {}

  /** @param line without its end */
  sent(message: Mensagem, line: string): void {
    if (this.peer === undefined || !this.laboratory.tap.isTracing) return;
    this.tell('envia', this.peer, message, Buffer.from(line));
  }

  /** Tells a line of which `handle` does what it asks for. */
  received<T>(message: Mensagem, line: Buffer, handle: () => T): T {
    this.peer ??= introduced(message);
    const { tap } = this.laboratory;
    if (this.peer === undefined || !tap.isTracing) return handle();
    // Told before it is handled: what it causes to be sent comes after it.
    const handled = this.tell('recebe', this.peer, message, line);
    const before = this.laboratory.appliedMutations();
    this.effect = 'noted';
    const result = handle();
    handled.applied = this.laboratory.appliedMutations() - before;
    handled.effect = handled.applied > 0 ? 'applied' : this.effect;
    return result;
  }

  private tell(
    step: PassingMessage['step'],
    channel: string,
    message: Mensagem,
    wire: Buffer,
  ): ReturnType<MessageTap['tell']> {
    const shown = 'credencial' in message ? { ...message, credencial: HIDDEN } : undefined;
    const body = shown === undefined ? wire : Buffer.from(JSON.stringify(shown));
    return this.laboratory.tap.tell({ step, channel, type: message.tipo, body, wire });
  }
}

/** The address of a server that introduces itself. */
function introduced(message: Mensagem): string | undefined {
  if (message.tipo === 'LEADER') return message.lider;
  return message.tipo === 'FOLLOWER' ? message.servidor : undefined;
}
