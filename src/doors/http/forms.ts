/** Forms of bodies, by their media type. Pure. */
import { HttpRefusal } from './problems.js';

export const VALUE_FORM = 'text/plain';
export const LINE_FORM = 'application/json';
export const LINES_FORM = 'application/x-ndjson';
export const EVENTS_FORM = 'text/event-stream';

/**
 * What a value may call itself: its bytes are taken as they are. `application/x-www-form-urlencoded` is what curl says
 * of any data.
 */
const VALUE_TYPES = /^(text\/[a-z0-9.+-]+|application\/(json|octet-stream|x-www-form-urlencoded))$/;
const BATCH_TYPES =
  /^(text\/plain|application\/(x-ndjson|ndjson|jsonl|x-jsonlines|json-lines|json|octet-stream|x-www-form-urlencoded))$/;

/** Kinds of bodies that requests have. */
export type BodyKind = 'value' | 'lines';

/** @throws HttpRefusal 415 unless a body of this kind may come as the fields say */
export function assertBodyType(kind: BodyKind, type: string | undefined, encoding: string | undefined): void {
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw new HttpRefusal(415, 'este servidor não aceita corpos comprimidos (Content-Encoding)', {
      'accept-encoding': 'identity',
    });
  }
  if (type === undefined || type === '') return;
  const [media = '', ...parameters] = type.split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((part) => part.startsWith('charset='))?.slice('charset='.length);
  const isUtf8 = charset === undefined || /^"?(utf-?8|us-ascii)"?$/.test(charset);
  const isKnown = (kind === 'value' ? VALUE_TYPES : BATCH_TYPES).test(media);
  if (isKnown && isUtf8) return;
  const expected = kind === 'value' ? 'texto em UTF-8 (text/plain)' : `linhas de JSON (${LINES_FORM})`;
  throw new HttpRefusal(415, `Content-Type: esperado ${expected}`);
}
