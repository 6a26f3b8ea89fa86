import type { Attempt } from '../core/attempt.js';
import type { Dot, Origin, VectorEntries } from '../core/dot.js';
import type { Batch, Mutation } from '../core/mutation.js';
import type { EntryRecord, KeyFragment, OrderPosition, WalkCursor } from '../core/record.js';
import type { BatchMessage, Message, PresenceMessage, StateReply } from '../ports/bus.js';
import type { Contact } from './contact.js';
import { FORMAT, OPERATIONS, OUTCOMES, STATES, TYPES } from './wire.js';
import type {
  WireAttempt,
  WireBatch,
  WireCursor,
  WireEntry,
  WireKey,
  WireMutation,
  WirePosition,
  WireStateBody,
} from './wire.js';

/**
 * A message as the JSON that goes on the wire, in UTF-8.
 *
 * The plain object is built with its fields in the order of the documents and handed to `JSON.stringify` once: that is
 * faster than any assembly of strings, and cannot produce anything but JSON.
 */
export function encode(fleet: string, message: Message | Contact): Buffer {
  return Buffer.from(message.type === 'batch' ? message.packed : JSON.stringify(wireMessage(fleet, message)));
}

/** A batch as the text of its message. */
export function packBatch(fleet: string, batch: Batch): string {
  return JSON.stringify({ formato: FORMAT, tipo: TYPES.batch, frota: fleet, ...wireBatch(batch) });
}

function wireMessage(fleet: string, message: Exclude<Message | Contact, BatchMessage>): object {
  const head = { formato: FORMAT, tipo: TYPES[message.type], frota: fleet };
  switch (message.type) {
    case 'presence':
      return { ...head, ...wirePresence(message) };
    case 'logRequest':
      return { ...head, ...parties(message), vetor: message.vector };
    case 'logReply':
      return {
        ...head,
        ...parties(message),
        resultado: OUTCOMES[message.outcome],
        lotes: message.batches.map(wireBatch),
        mais: message.more,
      };
    case 'stateRequest':
      return { ...head, ...parties(message), ...wirePageRequest(message.page) };
    case 'stateReply':
      return { ...head, ...parties(message), ...wireStateBody(message.body) };
    case 'confirm':
      return { ...head, de: message.from, para: message.to, seq: message.seq };
    case 'clockRequest':
      return { ...head, ...parties(message) };
    case 'clockReply':
      return { ...head, ...parties(message), relogio: message.wallMs };
    case 'challenge':
    case 'answer': {
      const { from: de, to: para, presence } = message;
      return { ...head, de, para, ...(presence && { presenca: wirePresence(presence) }) };
    }
  }
}

function parties(message: { readonly from: Origin; readonly to: Origin; readonly id: number }): object {
  return { de: message.from, para: message.to, id: message.id };
}

function wirePresence(message: PresenceMessage): object {
  return {
    origem: message.origin,
    endereco: message.address,
    estado: STATES[message.state],
    relogio: message.wallMs,
    resumo: message.vectorDigest,
    hash: message.storeHash,
    recente: message.recent,
    ...(message.portal === true ? { portal: true } : {}),
    ...(message.awaits === undefined ? {} : { espera: message.awaits }),
    ...(message.number === undefined ? {} : { numero: message.number }),
  };
}

function wireBatch(batch: Batch): WireBatch {
  const { mutations } = batch;
  const mutacoes = new Array<WireMutation>(mutations.length);
  for (let i = 0; i < mutations.length; i++) mutacoes[i] = wireMutation(mutations[i] as Mutation);
  return batch.dependencies.length === 0
    ? { origem: batch.origin, primeiro: batch.first, mutacoes }
    : { origem: batch.origin, primeiro: batch.first, depende: batch.dependencies, mutacoes };
}

function wireMutation(mutation: Mutation): WireMutation {
  switch (mutation.kind) {
    case 'insert': {
      const { key: chave, value: valor, version: versao, timestamp: ts, context, attempt } = mutation;
      const insert =
        context.length === 0
          ? { op: OPERATIONS.insert, chave, valor, versao, ts }
          : { op: OPERATIONS.insert, chave, valor, versao, ts, contexto: context };
      return attempt === undefined ? insert : { ...insert, pedido: wireAttempt(attempt) };
    }
    case 'removeObserved': {
      const { key: chave, observed: observado, keep } = mutation;
      return keep === undefined
        ? { op: OPERATIONS.removeObserved, chave, observado }
        : { op: OPERATIONS.removeObserved, chave, observado, mantem: wireDot(keep) };
    }
    case 'removeDots': {
      const { key: chave, version: versao, dots } = mutation;
      return { op: OPERATIONS.removeDots, chave, versao, pontos: dots.map(wireDot) };
    }
  }
}

/** A dot on the wire. */
export function wireDot(dot: Dot): VectorEntries[number] {
  return [dot.origin, dot.seq];
}

function wirePageRequest(page: Extract<Message, { type: 'stateRequest' }>['page']): object {
  if (page === undefined) return {};
  return { pagina: { cursor: wireCursor(page.cursor), posicaoLog: page.logPosition, partes: page.parts } };
}

function wireStateBody(body: StateReply['body']): WireStateBody {
  switch (body.outcome) {
    case 'opening':
      return {
        resultado: OUTCOMES.opening,
        vetor: body.vector,
        posicaoLog: body.logPosition,
        hashes: body.partHashes,
        cursor: wireCursor(body.cursor),
      };
    case 'page':
      return {
        resultado: OUTCOMES.page,
        lotes: body.batches.map(wireBatch),
        posicaoLog: body.logPosition,
        chaves: body.keys.map(wireKey),
        ...(body.cursor === undefined ? {} : { cursor: wireCursor(body.cursor) }),
        progresso: body.progress,
      };
    case 'lost':
      return { resultado: OUTCOMES.lost };
  }
}

function wireCursor(cursor: WalkCursor): WireCursor {
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
    ...(entry.context.length === 0 ? {} : { contexto: entry.context }),
    ...(entry.attempt === undefined ? {} : { pedido: wireAttempt(entry.attempt) }),
  };
}

function wireAttempt({ id, number }: Attempt): WireAttempt {
  return [id, number];
}
