/** Between messages of flows and the store: keys and values are texts there. */
import { isUtf8 } from 'node:buffer';
import { KvsError } from '../../src/client/library/index.js';
import type { KvsLine } from '../../src/client/library/index.js';
import { numberOf, text } from './options.js';
import type { FlowMessage } from './red.js';

/**
 * The key that a node is asked about: that of its form, or the topic of the message.
 * @throws KvsError PEDIDO_INVALIDO
 */
export function keyOf(given: unknown, { topic }: FlowMessage): string {
  const key = text(given) === undefined ? topic : given;
  if (typeof key === 'string' && key !== '') return key;
  throw invalid('diga a chave, no nó ou em msg.topic');
}

/**
 * What is stored of a payload: a text as it is, anything else as JSON.
 * @throws KvsError PEDIDO_INVALIDO for what has no such form
 */
export function valueText(payload: unknown): string {
  if (typeof payload === 'string') return payload;
  if (payload instanceof Uint8Array) {
    if (isUtf8(payload)) return Buffer.from(payload).toString('utf8');
    throw invalid('msg.payload são bytes que não formam um texto em UTF-8');
  }
  return jsonText(payload, 'msg.payload');
}

/** @throws KvsError PEDIDO_INVALIDO for what JSON cannot hold */
export function jsonText(value: unknown, name: string): string {
  let json: string | undefined;
  try {
    json = asJson(value);
  } catch (error) {
    throw invalid(`${name} não cabe em JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (json === undefined) throw invalid(`${name}: falta um valor`);
  return json;
}

/** Its types say that there is always a text; for a function there is none. */
const asJson: (value: unknown) => string | undefined = JSON.stringify;

/**
 * What a message gets of a stored text.
 * @param kind `json`: what it means as JSON; `auto`: that where it is JSON; otherwise the text itself
 * @throws KvsError PEDIDO_INVALIDO for what is no JSON
 */
export function valueOf(stored: string, kind: unknown): unknown {
  if (kind !== 'json' && kind !== 'auto') return stored;
  try {
    return JSON.parse(stored) as unknown;
  } catch {
    if (kind === 'auto') return stored;
    throw invalid('o valor guardado não é JSON');
  }
}

/**
 * A whole number that a message gives, or else the form; `undefined`: neither.
 * @throws KvsError PEDIDO_INVALIDO
 */
export function wholeNumber(name: string, inMessage: unknown, inForm: unknown): number | undefined {
  const isInMessage = inMessage !== undefined && inMessage !== null;
  const number = numberOf(isInMessage ? inMessage : inForm);
  if (number === undefined && !isInMessage) return undefined;
  // What a message gives and is no number is not taken for none: a removal would take every version.
  if (number !== undefined && Number.isSafeInteger(number) && number >= 0) return number;
  throw invalid(`${name}: esperado um número inteiro, de 0 em diante`);
}

/** A version as the HTTP and the MQTT door show it. */
export function lineFields(line: KvsLine): FlowMessage {
  return {
    ...{ chave: line.key, valor: line.value, versao: line.version, ts: line.timestamp },
    ...{ origem: line.origin, servidor: line.server, expira: line.expiresAt ?? 0 },
    ...{ atual: line.isHead, irma: line.isSibling, estavel: line.isStable },
  };
}

export function invalid(message: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', message);
}
