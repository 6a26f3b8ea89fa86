import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { RecordingLogger } from '../../support/doors.js';
import { HttpClient } from '../../support/http-client.js';
import type { HttpReply } from '../../support/http-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { realTime } from '../../support/real-time.js';

/** The document is one of OpenAPI 3.1 to others too, and what the server answers is what it says. */

type JsonSchema = Exclude<Parameters<typeof z.fromJSONSchema>[0], boolean>;

interface Told {
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

interface ApiDocument {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Told>> }>>>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

let doors: Doors;
let client: HttpClient;
let document: ApiDocument;
beforeAll(async () => {
  const metrics = () => Promise.resolve({ type: 'text/plain; version=0.0.4', text: 'kvs_x 1\n' });
  const options = { port: 0, engine: new MemoryEngine(), engineHealth: 'e', time: realTime, metrics };
  doors = await startDoors({ ...options, logger: new RecordingLogger() });
  client = new HttpClient(doors.port, '1.1');
  document = JSON.parse((await client.get('/v1/openapi.json')).text) as ApiDocument;
  for (const value of ['um', 'dois']) await client.put('/v1/chaves/k', value);
});
afterAll(async () => {
  client.close();
  await doors.stop(0);
});

it('is valid by the schema of OpenAPI, of version 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate({ ...structuredClone(document) });
  expect(errors ?? []).toEqual([]);
  expect([valid, validator.version]).toEqual([true, '3.1']);
});

/** Checks an answer by what the document says of its method, status and form. @returns the form */
function assertTold(method: string, path: string, reply: HttpReply): void {
  const { responses } = document.paths[path]![method.toLowerCase()]!;
  const told = responses[reply.status] ?? responses['default'];
  const isUntold = responses[reply.status] === undefined && reply.status < 400;
  expect([method, path, reply.status, isUntold]).toEqual([method, path, reply.status, false]);
  const [form = ''] = (reply.headers['content-type'] ?? '').split(';');
  expect([method, path, form]).toEqual([
    ...[method, path, Object.keys(told?.content ?? { '': true }).find((one) => one === form)],
  ]);
  const schema = told?.content?.[form]?.schema;
  if (schema === undefined) {
    expect(reply.text).toBe('');
    return;
  }
  const { schemas } = document.components;
  const whole = JSON.parse(
    JSON.stringify({ ...schema, $defs: schemas }).replaceAll('#/components/schemas/', '#/$defs/'),
  ) as JsonSchema;
  const parser = z.fromJSONSchema(whole);
  const bodies = bodiesOf(form, reply.text);
  for (const body of bodies) {
    const { error } = parser.safeParse(body);
    expect([method, path, error?.issues ?? []]).toEqual([method, path, []]);
  }
}

function bodiesOf(form: string, text: string): readonly unknown[] {
  if (form === 'application/x-ndjson') {
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  }
  return [form.endsWith('json') ? JSON.parse(text) : text];
}

const JSON_FORM = { headers: { accept: 'application/json' } };
const BATCH = { body: '{"chave":"a","valor":"1"}\n{"chave":"b"}\n[]\n' };

type Asked = Parameters<HttpClient['ask']>[2];

/** By method and path of the document: targets, each with its request. */
const ASKED: Readonly<Record<string, readonly (readonly [target: string, asked?: Asked])[]>> = {
  'GET /v1/chaves/{chave}': [
    ...(['/v1/chaves/k', '/v1/chaves/nada', '/v1/chaves/%ff'] as const).map((one) => [one] as const),
    ['/v1/chaves/k', JSON_FORM],
    ['/v1/chaves/k', { headers: { 'if-none-match': '*' } }],
  ],
  'PUT /v1/chaves/{chave}': [
    ['/v1/chaves/p', { body: 'v' }],
    ['/v1/chaves/p?ttl=60', { body: 'v' }],
    ['/v1/chaves/p?ttl=0', { body: 'v' }],
    ['/v1/chaves/p', { body: 'v', headers: { 'if-none-match': '*' } }],
  ],
  'DELETE /v1/chaves/{chave}': [['/v1/chaves/p'], ['/v1/chaves/p']],
  'GET /v1/chave': [['/v1/chave?chave=k'], ['/v1/chave?chave=k', JSON_FORM], ['/v1/chave']],
  'PUT /v1/chave': [['/v1/chave?chave=q', { body: 'v' }]],
  'DELETE /v1/chave': [['/v1/chave?chave=q'], ['/v1/chave?chave=q']],
  'GET /v1/chaves': [['/v1/chaves'], ['/v1/chaves?so-chaves'], ['/v1/chaves?limite=0']],
  'GET /v1/historico/{chave}': [['/v1/historico/k'], ['/v1/historico/nada']],
  'GET /v1/historico': [['/v1/historico?chave=k'], ['/v1/historico']],
  'POST /v1/lote': [
    ['/v1/lote', BATCH],
    ['/v1/lote', { body: 'x', headers: { 'content-type': 'image/png' } }],
  ],
  // Its events never end; a refused one does.
  'GET /v1/observa': [['/v1/observa?inicio=ontem']],
  'GET /v1/estado': [['/v1/estado'], ['/v1/estado?outra=1']],
  'GET /metrics': [['/metrics']],
};

describe('answers', () => {
  it('of every method that the document has are tried', () => {
    const named = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(Object.keys(ASKED).sort()).toEqual(named.sort());
  });

  it.each(Object.keys(ASKED))('%s is as the document says', async (name) => {
    const [method = '', path = ''] = name.split(' ');
    for (const [target, asked] of ASKED[name]!)
      assertTold(method, path, await client.ask(method, target, asked));
  });
});
