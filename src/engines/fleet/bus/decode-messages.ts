import { isUtf8 } from 'node:buffer';
import type { Origin } from '../../../core/dot.js';
import { isShaped } from '../../../core/json-shape.js';
import { limits } from '../../../core/limits.js';
import { ORIGIN_BUCKETS } from '../../../core/origins.js';
import { BUCKET_DIGESTS_DIGITS } from '../../../core/vector-digests.js';
import type { Batch } from '../../../core/mutation.js';
import type {
  KeyedDigest,
  LogRequest,
  Message,
  PresenceMessage,
  StateOpening,
  StateReply,
  StateRequest,
  VectorRequest,
} from '../../../ports/bus.js';
import { isProgramVersion, isServerName } from '../../../core/server-name.js';
import {
  count,
  fields,
  hex,
  list,
  oneOf,
  origin,
  reject,
  Rejection,
  rejectLoneSurrogates,
  sequence,
  text,
  vector,
  whole,
} from '../../../wire/checks.js';
import type { DropReason, Fields } from '../../../wire/checks.js';
import type { Contact } from './contact.js';
import { readBatch, readCursor, readFloor, readKey } from '../../../wire/read-records.js';
import type { TopicParts } from './topics.js';
import { PAYLOAD_FORMAT, OUTCOMES, STATES, TYPES } from './message-shapes.js';

export type DecodedMessage<T = Message> =
  { readonly ok: true; readonly message: T } | { readonly ok: false; readonly reason: DropReason };

/** Longest accepted `host:port`. */
const ADDRESS_BYTES = 512;
const HASH_DIGITS = 64;
/** What later versions may say is no more than this. */
const LOOKS_MAX = 8;

/**
 * Decodes and fully validates a payload: the resulting message may be used as it is. Never throws, and costs no more
 * than a pass over the payload, whatever it contains. Unknown fields are ignored.
 *
 * @param topic where the payload arrived; the payload must agree with it
 * @param fleet the fleet of this server
 */
export function decode(topic: TopicParts, fleet: string, payload: Buffer): DecodedMessage {
  // Nobody vouches for an unsealed payload, and a parser takes forty times as long for `[[[[` as for a batch.
  const isOurs = topic.fleet === fleet && payload.length <= limits.payloadBytes;
  if (isOurs && !isShaped(payload, SHAPE)) return { ok: false, reason: 'JSON' };
  return parse(topic, fleet, payload, readMessage);
}

/** The same for a sealed payload, which may also be a {@link Contact}. */
export function decodeSealed(
  topic: TopicParts,
  fleet: string,
  payload: Buffer,
): DecodedMessage<Message | Contact> {
  return parse(topic, fleet, payload, readSealed);
}

/** The deepest nesting is a context within an entry within a key of a page. */
const SHAPE = { depth: 10, parts: Infinity };

type Reader<T> = (topic: TopicParts, fleet: string, wire: Fields, json: string) => T;

function parse<T>(topic: TopicParts, fleet: string, payload: Buffer, read: Reader<T>): DecodedMessage<T> {
  if (topic.fleet !== fleet) return { ok: false, reason: 'FROTA' };
  if (payload.length > limits.payloadBytes) return { ok: false, reason: 'TAMANHO' };
  if (!isUtf8(payload)) return { ok: false, reason: 'UTF8' };
  const json = payload.toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
    rejectLoneSurrogates(json);
  } catch {
    return { ok: false, reason: 'JSON' };
  }
  try {
    return { ok: true, message: read(topic, fleet, fields(parsed, 'JSON'), json) };
  } catch (thrown) {
    return { ok: false, reason: thrown instanceof Rejection ? thrown.reason : 'CAMPO' };
  }
}

/** Reads a batch from a text that `packBatch` made or {@link decode} accepted. */
export function unpackBatch(packed: string): Batch {
  return readBatch(fields(JSON.parse(packed)));
}

function readSealed(topic: TopicParts, fleet: string, wire: Fields, json: string): Message | Contact {
  const type = wire['tipo'] === TYPES.challenge ? 'challenge' : 'answer';
  if (topic.channel !== 'sync' || wire['tipo'] !== TYPES[type]) return readMessage(topic, fleet, wire, json);
  const { from, to } = topic;
  assertHead(wire, fleet);
  assertParties(wire, from, to);
  const presence = wire['presenca'];
  return {
    ...{ type, from, to },
    presence: presence === undefined ? undefined : sentBy(from, readPresence(fields(presence))),
  };
}

function assertHead(wire: Fields, fleet: string): void {
  if (wire['formato'] !== PAYLOAD_FORMAT) reject('FORMATO');
  if (wire['frota'] !== fleet) reject('FROTA');
}

function assertParties(wire: Fields, from: Origin, to: Origin): void {
  if (wire['de'] !== from || wire['para'] !== to) reject('ORIGEM');
}

function readMessage(topic: TopicParts, fleet: string, wire: Fields, json: string): Message {
  assertHead(wire, fleet);
  switch (topic.channel) {
    case 'batches':
      if (wire['tipo'] !== TYPES.batch) reject('TIPO');
      return { type: 'batch', batch: sentBy(topic.from, readBatch(wire)), packed: json };
    case 'presence':
      if (wire['tipo'] !== TYPES.presence) reject('TIPO');
      return sentBy(topic.from, readPresence(wire));
    case 'sync':
      return readSync(wire, topic.from, topic.to);
  }
}

/** Only the origin itself publishes on its topics: a message there under another name is forged. */
function sentBy<T extends Batch | PresenceMessage>(from: Origin, message: T): T {
  if (message.origin !== from) reject('ORIGEM');
  return message;
}

function readPresence(wire: Fields): PresenceMessage {
  const recent = vector(wire['recente']);
  if (recent.length > limits.presenceEntries) reject('VETOR');
  return {
    type: 'presence',
    origin: origin(wire['origem']),
    address: text(wire['endereco'], ADDRESS_BYTES, 'CAMPO'),
    state: oneOf(wire['estado'], STATES),
    wallMs: clock(wire['relogio']),
    vectorDigest: hex(wire['resumo'], HASH_DIGITS),
    storeHash: hex(wire['hash'], HASH_DIGITS),
    recent,
    ...(wire['portal'] === true ? { portal: true } : {}),
    ...(wire['mqtt'] === true ? { mqtt: true } : {}),
    ...(wire['espera'] === undefined ? {} : { awaits: sequence(wire['espera']) }),
    ...(wire['numero'] === undefined ? {} : { number: sequence(wire['numero']) }),
    ...(wire['resumoChaveado'] === undefined ? {} : { keyedDigest: readKeyedDigest(wire['resumoChaveado']) }),
    ...(wire['nivel'] === undefined ? {} : { level: sequence(wire['nivel']) }),
    ...(wire['nome'] === undefined ? {} : { name: textThat(isServerName, wire['nome']) }),
    ...(wire['programa'] === undefined ? {} : { program: textThat(isProgramVersion, wire['programa']) }),
    ...(wire['olha'] === undefined ? {} : { looks: whole(wire['olha'], 1, LOOKS_MAX, 'CAMPO') }),
    ...(wire['ouve'] === undefined ? {} : { hears: readOrigins(wire['ouve']) }),
  };
}

/** A text of which this holds. */
function textThat(holds: (text: string) => boolean, value: unknown): string {
  if (typeof value !== 'string' || !holds(value)) reject('CAMPO');
  return value;
}

function readOrigins(value: unknown): Origin[] {
  const origins = list(value, limits.presenceEntries).map(origin);
  if (new Set(origins).size !== origins.length) reject('CAMPO');
  return origins;
}

function readKeyedDigest(value: unknown): KeyedDigest {
  const pair = list(value, 2);
  if (pair.length !== 2) reject('CAMPO');
  return { epoch: count(pair[0]), digest: hex(pair[1], HASH_DIGITS) };
}

function readSync(wire: Fields, from: Origin, to: Origin): Message {
  assertParties(wire, from, to);
  if (wire['tipo'] === TYPES.confirm) return { type: 'confirm', from, to, seq: sequence(wire['seq']) };
  const id = count(wire['id']);
  switch (wire['tipo']) {
    case TYPES.logRequest:
      return { type: 'logRequest', from, to, id, ...readWanted(wire) } satisfies LogRequest;
    case TYPES.vectorRequest:
      return { type: 'vectorRequest', from, to, id, ask: readVectorAsk(wire) };
    case TYPES.vectorReply:
      return {
        ...{ type: 'vectorReply', from, to, id },
        buckets: readBuckets(wire['diferem']),
        entries: vector(wire['entradas'], limits.vectorPageEntries),
        cursor: wire['cursor'] === undefined ? undefined : count(wire['cursor']),
      };
    case TYPES.logReply: {
      const outcome = wire['resultado'];
      if (outcome !== OUTCOMES.batches && outcome !== OUTCOMES.stateNeeded) reject('CAMPO');
      return {
        type: 'logReply',
        from,
        to,
        id,
        outcome: outcome === OUTCOMES.batches ? 'batches' : 'stateNeeded',
        batches: readBatches(wire['lotes']),
        more: flag(wire['mais']),
      };
    }
    case TYPES.stateRequest:
      return {
        type: 'stateRequest',
        from,
        to,
        id,
        page: readPageRequest(wire['pagina']),
        ...readEpoch(wire),
      };
    case TYPES.stateReply:
      return { type: 'stateReply', from, to, id, body: readStateBody(wire) };
    case TYPES.clockRequest:
      return { type: 'clockRequest', from, to, id };
    case TYPES.clockReply:
      return { type: 'clockReply', from, to, id, wallMs: clock(wire['relogio']) };
    default:
      reject('TIPO');
  }
}

/** With `so`, the vector names only what the asker lacks, also of origins of which it has nothing. */
function readWanted(wire: Fields): Pick<LogRequest, 'vector' | 'only'> {
  if (wire['so'] === undefined) return { vector: vector(wire['vetor']) };
  if (wire['so'] !== true) reject('CAMPO');
  return { vector: vector(wire['vetor'], limits.vectorEntries, 0), only: true };
}

function readVectorAsk(wire: Fields): VectorRequest['ask'] {
  if (wire['pagina'] !== undefined) {
    const page = fields(wire['pagina']);
    return { buckets: readBuckets(page['diferem']), cursor: count(page['cursor']) };
  }
  const explicit = list(wire['sem'], limits.explicitOrigins, 'VETOR').map(origin);
  if (new Set(explicit).size < explicit.length) reject('VETOR');
  return { epoch: count(wire['epoca']), explicit, digests: readDigests(wire['baldes']) };
}

function readBuckets(value: unknown): readonly number[] {
  return list(value, ORIGIN_BUCKETS).map((bucket) => whole(bucket, 0, ORIGIN_BUCKETS - 1, 'CAMPO'));
}

function readDigests(value: unknown): string {
  const digests = hex(value, BUCKET_DIGESTS_DIGITS);
  if (digests.length < BUCKET_DIGESTS_DIGITS) reject('CAMPO');
  return digests;
}

function readEpoch(wire: Fields): { readonly epoch?: number } {
  return wire['epoca'] === undefined ? {} : { epoch: count(wire['epoca']) };
}

function readOpeningVector(wire: Fields): StateOpening['vector'] {
  if (wire['resumos'] === undefined) return vector(wire['vetor']);
  const digests = fields(wire['resumos']);
  return {
    epoch: count(digests['epoca']),
    digests: readDigests(digests['baldes']),
    recent: vector(digests['recente'], limits.explicitOrigins),
  };
}

function readPageRequest(value: unknown): StateRequest['page'] {
  if (value === undefined) return undefined;
  const wire = fields(value);
  return {
    cursor: readCursor(wire['cursor']),
    logPosition: count(wire['posicaoLog']),
    parts: hex(wire['partes'], limits.parts / 4),
  };
}

function readStateBody(wire: Fields): StateReply['body'] {
  switch (wire['resultado']) {
    case OUTCOMES.opening:
      return {
        outcome: 'opening',
        vector: readOpeningVector(wire),
        ...(wire['fronteira'] === undefined ? {} : { frontier: vector(wire['fronteira']) }),
        logPosition: count(wire['posicaoLog']),
        partHashes: list(wire['hashes'], limits.parts).map((hash) => hex(hash, HASH_DIGITS)),
        floors: wire['pisos'] === undefined ? [] : list(wire['pisos'], limits.parts).map(readFloor),
        ...(wire['hora'] === undefined ? {} : { fleetMs: clock(wire['hora']) }),
        cursor: readCursor(wire['cursor']),
      };
    case OUTCOMES.page:
      return {
        outcome: 'page',
        batches: readBatches(wire['lotes']),
        logPosition: count(wire['posicaoLog']),
        keys: list(wire['chaves'], limits.payloadBytes).map(readKey),
        cursor: wire['cursor'] === undefined ? undefined : readCursor(wire['cursor']),
        progress: share(wire['progresso']),
      };
    case OUTCOMES.lost:
      return { outcome: 'lost' };
    default:
      reject('CAMPO');
  }
}

function readBatches(value: unknown): readonly Batch[] {
  return list(value, limits.logBatches).map((item) => readBatch(fields(item)));
}

function clock(value: unknown): number {
  return whole(value, 0, limits.timestampMs, 'TEMPO');
}

function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') reject('CAMPO');
  return value;
}

function share(value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1) || Object.is(value, -0)) reject('CAMPO');
  return value;
}
