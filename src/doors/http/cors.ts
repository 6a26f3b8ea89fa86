/** Pages of other origins that the operator lists may do what people may (`--http-origens`). Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import type { HttpFields, HttpAnswer } from './exchange.js';
import { REQUEST_FIELDS, VERSION_FIELD } from './http-call.js';

const MAY_SEND = [...REQUEST_FIELDS, 'content-type', 'if-match', 'if-none-match', 'last-event-id'].join(', ');
const MAY_SEE = [
  'etag',
  'link',
  'allow',
  'retry-after',
  VERSION_FIELD,
  'x-kvs-sessao',
  'idempotency-key',
].join(', ');

/** How long a browser may remember what it was told. */
const MAX_AGE_SECONDS = '600';

/** Fields that let a page of a listed origin see the answer. */
export function corsFields(origin: string | undefined, origins: ReadonlySet<string>): HttpFields {
  if (origin === undefined || !origins.has(origin.toLowerCase())) return { vary: 'origin' };
  return {
    vary: 'origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': MAY_SEE,
  };
}

/** The answer to OPTIONS: what there is, and to a listed origin, what its page may send. */
export function preflightAnswer(
  headers: IncomingHttpHeaders,
  allowed: readonly string[],
  origins: ReadonlySet<string>,
): HttpAnswer {
  const allow = allowed.join(', ');
  const { origin } = headers;
  const isPreflight = headers['access-control-request-method'] !== undefined;
  const isListed = isPreflight && origin !== undefined && origins.has(origin.toLowerCase());
  return {
    status: 204,
    fields: {
      allow,
      ...(isListed && {
        'access-control-allow-methods': allow,
        'access-control-allow-headers': MAY_SEND,
        'access-control-max-age': MAX_AGE_SECONDS,
        ...(headers['access-control-request-private-network'] === 'true' && {
          'access-control-allow-private-network': 'true',
        }),
      }),
    },
  };
}
