import type { Origin, VectorEntries } from '../core/dot.js';

// Mutations, entries and keys as JSON, the same in every message that carries them (docs/PROTOCOL.md).

/** Values of `op` in a mutation. */
export const MUTATION_NAMES = {
  insert: 'insere',
  removeObserved: 'remove',
  removeDots: 'removeVersao',
  discard: 'descarta',
  raiseFloor: 'piso',
} as const;

/** [request id, number of the attempt] */
export type WireAttempt = readonly [string, number];

/** [version, timestamp, origin, seq] */
export type WirePosition = readonly [number, number, Origin, number];

export interface WireBatch {
  readonly origem: Origin;
  readonly primeiro: number;
  readonly depende?: VectorEntries;
  readonly hora?: number;
  readonly mutacoes: readonly WireMutation[];
}

export type WireMutation =
  | {
      readonly op: typeof MUTATION_NAMES.insert;
      readonly chave: string;
      readonly valor: string;
      readonly versao: number;
      readonly ts: number;
      readonly contexto?: VectorEntries;
      readonly pedido?: WireAttempt;
      readonly expira?: number;
    }
  | {
      readonly op: typeof MUTATION_NAMES.discard;
      readonly chave: string;
      readonly pontos: VectorEntries;
      readonly passa?: VectorEntries;
    }
  | {
      readonly op: typeof MUTATION_NAMES.raiseFloor;
      readonly parte: number;
      readonly versao: number;
      readonly ts: number;
      readonly ritmo: number;
    }
  | {
      readonly op: typeof MUTATION_NAMES.removeObserved;
      readonly chave: string;
      readonly observado: VectorEntries;
      readonly mantem?: VectorEntries[number];
    }
  | {
      readonly op: typeof MUTATION_NAMES.removeDots;
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
  readonly passada?: true;
  readonly contexto?: VectorEntries;
  readonly pedido?: WireAttempt;
  readonly expira?: number;
}

/** [part, version, timestamp, pace] of a part of the key space that has a floor */
export type WireFloor = readonly [number, number, number, number];
