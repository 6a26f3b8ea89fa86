import type { Origin, VectorEntries } from '../core/dot.js';
import type { Message, PresenceMessage } from '../ports/bus.js';
import type { Contact } from './contact.js';

/** Version of the payloads. A payload of another version is dropped: its fields may mean anything. */
export const FORMAT = 1;

/** Values of `tipo`. */
export const TYPES = {
  batch: 'lote',
  presence: 'presenca',
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

/** Values of `op` in a mutation. */
export const OPERATIONS = {
  insert: 'insere',
  removeObserved: 'remove',
  removeDots: 'removeVersao',
} as const;

/** Values of `resultado` in a reply. */
export const OUTCOMES = {
  batches: 'lotes',
  stateNeeded: 'estadoNecessario',
  opening: 'abertura',
  page: 'pagina',
  lost: 'perdido',
} as const;

/** [request id, number of the attempt] */
export type WireAttempt = readonly [string, number];

/** [version, timestamp, origin, seq] */
export type WirePosition = readonly [number, number, Origin, number];

export interface WireBatch {
  readonly origem: Origin;
  readonly primeiro: number;
  readonly depende?: VectorEntries;
  readonly mutacoes: readonly WireMutation[];
}

export type WireMutation =
  | {
      readonly op: typeof OPERATIONS.insert;
      readonly chave: string;
      readonly valor: string;
      readonly versao: number;
      readonly ts: number;
      readonly contexto?: VectorEntries;
      readonly pedido?: WireAttempt;
    }
  | {
      readonly op: typeof OPERATIONS.removeObserved;
      readonly chave: string;
      readonly observado: VectorEntries;
      readonly mantem?: VectorEntries[number];
    }
  | {
      readonly op: typeof OPERATIONS.removeDots;
      readonly chave: string;
      readonly versao: number;
      readonly pontos: VectorEntries;
    };

export interface WireCursor {
  readonly vaga: number;
  readonly apos?: WirePosition;
}

export interface WireKey {
  readonly chave: string;
  readonly maiorVersao: number;
  readonly maiorTs: number;
  readonly apos?: WirePosition;
  readonly entradas: readonly WireEntry[];
}

export interface WireEntry {
  readonly versao: number;
  readonly ts: number;
  readonly origem: Origin;
  readonly seq: number;
  readonly valor: string;
  readonly superada?: true;
  readonly contexto?: VectorEntries;
  readonly pedido?: WireAttempt;
}

export type WireStateBody =
  | {
      readonly resultado: typeof OUTCOMES.opening;
      readonly vetor: VectorEntries;
      readonly posicaoLog: number;
      readonly hashes: readonly string[];
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
