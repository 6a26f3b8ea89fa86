import { expect, it } from 'vitest';
import { attemptOf } from '../../../src/call/attempt.js';
import { DEMANDS } from '../../../src/call/call.js';
import type { Exchange } from '../../../src/doors/http/exchange.js';
import { HttpCall } from '../../../src/doors/http/http-call.js';

const TIMED = 'mi8v0g3k-12345678901';
const UUID_7 = '018f3b1c-9a00-7abc-8def-0123456789ab';
const RANDOM = '4f3b1c9a-9a00-4abc-8def-0123456789ab';

it.each<[string, Readonly<Record<string, string>>, string | undefined]>([
  ['without a key is none', {}, undefined],
  ['with a key of a time may be a repeat', { 'idempotency-key': TIMED }, '2'],
  ['with a quoted one too', { 'idempotency-key': `"${UUID_7}"` }, '2'],
  ['with a random key may be a first', { 'idempotency-key': RANDOM }, undefined],
  ['that is to be confirmed too', { 'idempotency-key': TIMED, 'x-kvs-confirmacao': '1' }, undefined],
  ['that says which it is is that', { 'idempotency-key': TIMED, 'x-kvs-tentativa': '1' }, '1'],
])('an attempt %s', (_, headers, attempt) => {
  const call = new HttpCall({ headers } as unknown as Exchange, 'PUT');
  expect(call.demand(DEMANDS.attempt)).toBe(attempt);
});

it.each([
  ['an empty key', { 'idempotency-key': '' }, 'Idempotency-Key'],
  ['an empty one in quotes', { 'idempotency-key': '""' }, 'Idempotency-Key'],
  ['two keys, as they are joined', { 'idempotency-key': `${TIMED}, ${TIMED}` }, 'Idempotency-Key'],
  ['an attempt that is none', { 'idempotency-key': TIMED, 'x-kvs-tentativa': '' }, 'X-Kvs-Tentativa'],
])('%s is refused by the name of its field', (_, headers, field) => {
  const call = new HttpCall({ headers } as unknown as Exchange, 'PUT');
  expect(() => attemptOf(call)).toThrow(`${field} inválido`);
});
