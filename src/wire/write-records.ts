import type { Attempt } from '../core/attempt.js';
import type { Dot, VectorEntries } from '../core/dot.js';
import type { Batch, Floor, Mutation } from '../core/mutation.js';
import type { EntryRecord, KeyFragment, OrderPosition, WalkCursor } from '../core/record.js';
import { MUTATION_NAMES } from './record-shapes.js';
import type {
  WireAttempt,
  WireBatch,
  WireCursor,
  WireEntry,
  WireFloor,
  WireKey,
  WireMutation,
  WirePosition,
} from './record-shapes.js';

export function wireBatch(batch: Batch): WireBatch {
  const { mutations } = batch;
  const mutacoes = new Array<WireMutation>(mutations.length);
  for (let i = 0; i < mutations.length; i++) mutacoes[i] = wireMutation(mutations[i] as Mutation);
  return {
    origem: batch.origin,
    primeiro: batch.first,
    ...(batch.dependencies.length === 0 ? {} : { depende: batch.dependencies }),
    ...(batch.fleetMs === undefined ? {} : { hora: batch.fleetMs }),
    mutacoes,
  };
}

function wireMutation(mutation: Mutation): WireMutation {
  switch (mutation.kind) {
    case 'insert': {
      const { key: chave, value: valor, version: versao, timestamp: ts, context, attempt } = mutation;
      const insert =
        context.length === 0
          ? { op: MUTATION_NAMES.insert, chave, valor, versao, ts }
          : { op: MUTATION_NAMES.insert, chave, valor, versao, ts, contexto: context };
      if (attempt === undefined && mutation.expiresAt === undefined) return insert;
      return {
        ...insert,
        ...(attempt === undefined ? {} : { pedido: wireAttempt(attempt) }),
        ...(mutation.expiresAt === undefined ? {} : { expira: mutation.expiresAt }),
      };
    }
    case 'removeObserved': {
      const { key: chave, observed: observado, keep } = mutation;
      return keep === undefined
        ? { op: MUTATION_NAMES.removeObserved, chave, observado }
        : { op: MUTATION_NAMES.removeObserved, chave, observado, mantem: wireDot(keep) };
    }
    case 'removeDots': {
      const { key: chave, version: versao, dots } = mutation;
      return { op: MUTATION_NAMES.removeDots, chave, versao, pontos: dots.map(wireDot) };
    }
    case 'discard': {
      const { key: chave, dots, passed: passa } = mutation;
      const discard = { op: MUTATION_NAMES.discard, chave, pontos: dots.map(wireDot) };
      return passa.length === 0 ? discard : { ...discard, passa };
    }
    case 'raiseFloor': {
      const { part: parte, version: versao, timestamp: ts, paceMs: ritmo } = mutation;
      return { op: MUTATION_NAMES.raiseFloor, parte, versao, ts, ritmo };
    }
  }
}

/** A dot on the wire. */
export function wireDot(dot: Dot): VectorEntries[number] {
  return [dot.origin, dot.seq];
}

export function wireCursor(cursor: WalkCursor): WireCursor {
  return cursor.after === undefined
    ? { vaga: cursor.slot }
    : { vaga: cursor.slot, apos: wirePosition(cursor.after) };
}

function wirePosition(position: OrderPosition): WirePosition {
  return [position.version, position.timestamp, position.origin, position.seq];
}

/** A key of a state page. */
export function wireKey(fragment: KeyFragment): WireKey {
  return {
    chave: fragment.key,
    maiorVersao: fragment.greatestVersion,
    maiorTs: fragment.greatestTimestamp,
    ...(fragment.after === undefined ? {} : { apos: wirePosition(fragment.after) }),
    entradas: fragment.entries.map(wireEntry),
  };
}

function wireEntry(entry: EntryRecord): WireEntry {
  return {
    versao: entry.version,
    ts: entry.timestamp,
    origem: entry.origin,
    seq: entry.seq,
    valor: entry.value,
    ...(entry.superseded ? { superada: true as const } : {}),
    ...(entry.passed === true ? { passada: true as const } : {}),
    ...(entry.context.length === 0 ? {} : { contexto: entry.context }),
    ...(entry.attempt === undefined ? {} : { pedido: wireAttempt(entry.attempt) }),
    ...(entry.expiresAt === undefined ? {} : { expira: entry.expiresAt }),
  };
}

/** A floor with the number of its part. */
export function wireFloor(floor: Floor & { readonly part: number }): WireFloor {
  return [floor.part, floor.version, floor.timestamp, floor.paceMs];
}

function wireAttempt({ id, number }: Attempt): WireAttempt {
  return [id, number];
}
