import type { Origin } from '../../../core/dot.js';
import type { Batch } from '../../../core/mutation.js';
import type {
  BatchMessage,
  Message,
  PresenceMessage,
  StateOpening,
  StateReply,
  VectorRequest,
} from '../../../ports/bus.js';
import { wireBatch, wireCursor, wireFloor, wireKey } from '../../../wire/write-records.js';
import type { Contact } from './contact.js';
import { OUTCOMES, PAYLOAD_FORMAT, STATES, TYPES } from './message-shapes.js';
import type { WireOpening, WireStateBody } from './message-shapes.js';

/**
 * Encodes a message as JSON in UTF-8, as it goes on the wire.
 *
 * A plain object with its fields in the documented order is passed to `JSON.stringify` once: that is faster than
 * concatenating strings, and always yields valid JSON.
 */
export function encode(fleet: string, message: Message | Contact): Buffer {
  return Buffer.from(message.type === 'batch' ? message.packed : JSON.stringify(wireMessage(fleet, message)));
}

/** The text of the message that carries a batch. */
export function packBatch(fleet: string, batch: Batch): string {
  return JSON.stringify({ formato: PAYLOAD_FORMAT, tipo: TYPES.batch, frota: fleet, ...wireBatch(batch) });
}

function wireMessage(fleet: string, message: Exclude<Message | Contact, BatchMessage>): object {
  const head = { formato: PAYLOAD_FORMAT, tipo: TYPES[message.type], frota: fleet };
  switch (message.type) {
    case 'presence':
      return { ...head, ...wirePresence(message) };
    case 'logRequest':
      return {
        ...head,
        ...parties(message),
        vetor: message.vector,
        ...(message.only === true ? { so: true } : {}),
      };
    case 'vectorRequest':
      return { ...head, ...parties(message), ...wireVectorAsk(message.ask) };
    case 'vectorReply':
      return {
        ...head,
        ...parties(message),
        diferem: message.buckets,
        entradas: message.entries,
        ...(message.cursor === undefined ? {} : { cursor: message.cursor }),
      };
    case 'logReply':
      return {
        ...head,
        ...parties(message),
        resultado: OUTCOMES[message.outcome],
        lotes: message.batches.map(wireBatch),
        mais: message.more,
      };
    case 'stateRequest':
      return { ...head, ...parties(message), ...wirePageRequest(message.page), ...wireEpoch(message.epoch) };
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
    ...(message.mqtt === true ? { mqtt: true } : {}),
    ...(message.awaits === undefined ? {} : { espera: message.awaits }),
    ...(message.number === undefined ? {} : { numero: message.number }),
    ...(message.keyedDigest === undefined
      ? {}
      : { resumoChaveado: [message.keyedDigest.epoch, message.keyedDigest.digest] }),
    ...(message.level === undefined ? {} : { nivel: message.level }),
    ...(message.name === undefined ? {} : { nome: message.name }),
    ...(message.program === undefined ? {} : { programa: message.program }),
    ...(message.looks === undefined ? {} : { olha: message.looks }),
    ...(message.hears === undefined ? {} : { ouve: message.hears }),
  };
}

function wireVectorAsk(ask: VectorRequest['ask']): object {
  if ('buckets' in ask) return { pagina: { diferem: ask.buckets, cursor: ask.cursor } };
  return { epoca: ask.epoch, sem: ask.explicit, baldes: ask.digests };
}

function wireEpoch(epoch: number | undefined): object {
  return epoch === undefined ? {} : { epoca: epoch };
}

function wireVector(vector: StateOpening['vector']): Pick<WireOpening, 'vetor' | 'resumos'> {
  if (!('digests' in vector)) return { vetor: vector };
  return { resumos: { epoca: vector.epoch, baldes: vector.digests, recente: vector.recent } };
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
        ...wireVector(body.vector),
        ...(body.frontier === undefined ? {} : { fronteira: body.frontier }),
        posicaoLog: body.logPosition,
        hashes: body.partHashes,
        ...(body.floors.length === 0 ? {} : { pisos: body.floors.map(wireFloor) }),
        ...(body.fleetMs === undefined ? {} : { hora: body.fleetMs }),
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

/**
 * A probe: a message of a server to itself, of about `bytes` bytes. It is a confirmation with extra fields, which
 * readers ignore.
 * @param tag unpredictable, so that nobody can send the message earlier
 */
export function lookBody(fleet: string, origin: Origin, tag: string, look: number, bytes: number): Buffer {
  const head = {
    formato: PAYLOAD_FORMAT,
    tipo: TYPES.confirm,
    frota: fleet,
    de: origin,
    para: origin,
    seq: look,
  };
  const text = JSON.stringify({ ...head, marca: tag, resto: '' });
  return Buffer.from(`${text.slice(0, -2)}${'.'.repeat(Math.max(0, bytes - text.length))}"}`);
}
