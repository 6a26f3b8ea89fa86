import type { VectorEntries } from '../../../core/dot.js';
import type { Message, PresenceMessage } from '../../../ports/bus.js';
import type { WireBatch, WireCursor, WireFloor, WireKey } from '../../../wire/record-shapes.js';
import type { Contact } from './contact.js';

/** Version of the payload format. A payload of another version is dropped, since its fields may mean anything. */
export const PAYLOAD_FORMAT = 1;

/** Values of `tipo`. */
export const TYPES = {
  batch: 'lote',
  presence: 'presenca',
  vectorRequest: 'pedeVetor',
  vectorReply: 'vetor',
  logRequest: 'pedeLotes',
  logReply: 'lotes',
  stateRequest: 'pedeEstado',
  stateReply: 'estado',
  confirm: 'confirma',
  clockRequest: 'pedeRelogio',
  clockReply: 'relogio',
  challenge: 'desafio',
  answer: 'resposta',
} as const satisfies Record<(Message | Contact)['type'], string>;

/** Values of `estado` in a presence. */
export const STATES = {
  joining: 'entrando',
  serving: 'servindo',
  draining: 'entregando',
  leaving: 'saindo',
} as const satisfies Record<PresenceMessage['state'], string>;

/** Values of `resultado` in a reply. */
export const OUTCOMES = {
  batches: 'lotes',
  stateNeeded: 'estadoNecessario',
  opening: 'abertura',
  page: 'pagina',
  lost: 'perdido',
} as const;

export type WireOpening = Extract<WireStateBody, { readonly resultado: typeof OUTCOMES.opening }>;

export type WireStateBody =
  | {
      readonly resultado: typeof OUTCOMES.opening;
      readonly vetor?: VectorEntries;
      readonly resumos?: { readonly epoca: number; readonly baldes: string; readonly recente: VectorEntries };
      readonly fronteira?: VectorEntries;
      readonly posicaoLog: number;
      readonly hashes: readonly string[];
      readonly pisos?: readonly WireFloor[];
      readonly hora?: number;
      readonly cursor: WireCursor;
    }
  | {
      readonly resultado: typeof OUTCOMES.page;
      readonly lotes: readonly WireBatch[];
      readonly posicaoLog: number;
      readonly chaves: readonly WireKey[];
      readonly cursor?: WireCursor;
      readonly progresso: number;
    }
  | { readonly resultado: typeof OUTCOMES.lost };
