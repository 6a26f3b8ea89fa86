import { numberOf, textOf, valueOf } from '../../client/fields.js';
import { storeLineOf } from './store-line.js';
import type { StoreLine } from './store-line.js';

/** Kinds of events, by their number in `Tipo` of `frota.v1.Loja`, in the words of events over HTTP. */
const KINDS = ['indefinido', 'insere', 'remove', 'expira', 'presente', 'recomeca', 'em-dia'] as const;
export type WatchKind = (typeof KINDS)[number];

/** `Evento`. */
export interface StoreEvent {
  readonly kind: WatchKind;
  readonly line: StoreLine | undefined;
  /** From where to go on; empty: this event says nothing of that. */
  readonly token: string;
}

export function storeEventOf(message: object): StoreEvent {
  const line = valueOf(message, 'linha');
  return {
    kind: KINDS[numberOf(message, 'tipo')] ?? 'indefinido',
    line: typeof line === 'object' && line !== null ? storeLineOf(line) : undefined,
    token: textOf(message, 'token'),
  };
}
