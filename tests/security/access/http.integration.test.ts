import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { accessControl } from '../../../src/security/access/control.js';
import { accessLimits } from '../../../src/security/access/limits.js';
import { HttpClient, problemIn } from '../../support/http-client.js';
import type { HttpReply, HttpVersion } from '../../support/http-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { panelFiles } from '../../support/panel-files.js';
import { PanelStand } from '../../support/panel-stand.js';
import { realTime } from '../../support/real-time.js';
import { verbs } from '../../support/verbs.js';
import { bearer, EVERYBODY, may, NFC, NFD, NOBODIES, tableOfEverybody } from './people.js';
import type { TableOfEverybody, Who } from './people.js';

/** Every route of HTTP by everybody, and by those who are nobody: who is let in, who is told what, what changes. */

type Need = 'read' | 'write' | 'known' | 'open';

interface Attempt {
  /** Method and route, as the document of OpenAPI writes it; health and pages stand in none. */
  readonly name: string;
  readonly needs: Need;
  readonly target: (key: string) => string;
  readonly body?: (key: string) => string;
  readonly headers?: Readonly<Record<string, string>>;
}

const path = (key: string): string => encodeURIComponent(key);
const VALUE = { body: () => 'valor' };

const ATTEMPTS: readonly Attempt[] = [
  { name: 'GET /v1/chaves/{chave}', needs: 'read', target: (key) => `/v1/chaves/${path(key)}` },
  { name: 'HEAD /v1/chaves/{chave}', needs: 'read', target: (key) => `/v1/chaves/${path(key)}` },
  { name: 'GET /v1/chave', needs: 'read', target: (key) => `/v1/chave?chave=${path(key)}` },
  { name: 'GET /v1/chaves', needs: 'read', target: (key) => `/v1/chaves?prefixo=${path(key)}` },
  { name: 'GET /v1/historico/{chave}', needs: 'read', target: (key) => `/v1/historico/${path(key)}` },
  { name: 'GET /v1/historico', needs: 'read', target: (key) => `/v1/historico?chave=${path(key)}` },
  // HEAD ends at once.
  { name: 'HEAD /v1/observa', needs: 'read', target: (key) => `/v1/observa?prefixo=${path(key)}` },
  { name: 'PUT /v1/chaves/{chave}', needs: 'write', target: (key) => `/v1/chaves/${path(key)}`, ...VALUE },
  { name: 'PUT /v1/chave', needs: 'write', target: (key) => `/v1/chave?chave=${path(key)}`, ...VALUE },
  {
    ...{ name: 'PUT /v1/chaves/{chave}', needs: 'write', target: (key) => `/v1/chaves/${path(key)}` },
    ...{ ...VALUE, headers: { 'if-none-match': '"0"' } },
  },
  {
    ...{ name: 'POST /v1/lote', needs: 'write', target: () => '/v1/lote' },
    body: (chave) => JSON.stringify({ chave, valor: 'valor' }),
  },
  { name: 'DELETE /v1/chaves/{chave}', needs: 'write', target: (key) => `/v1/chaves/${path(key)}` },
  { name: 'DELETE /v1/chave', needs: 'write', target: (key) => `/v1/chave?chave=${path(key)}` },
  { name: 'GET /v1/estado', needs: 'known', target: () => '/v1/estado' },
  { name: 'HEAD /v1/painel', needs: 'known', target: () => '/v1/painel' },
  { name: 'GET /metrics', needs: 'known', target: () => '/metrics' },
  ...[
    '/',
    '/saude',
    '/pronto',
    '/v1',
    '/v1/openapi.json',
    '/v1/pagina.js',
    '/v1/pagina.css',
    '/painel/assets/index-1.js',
  ].map((page): Attempt => ({ name: `GET ${page}`, needs: 'open', target: () => page })),
];

const KEYS = [
  'a/k1',
  'b/k1',
  'abc',
  `${NFC}/k1`,
  `${NFD}/k1`,
  'a/',
  'portal/x',
  '$kvs/x',
  '../a/k1',
  ' a/k1',
];

describe.each<HttpVersion>(['1.1', '2'])('by HTTP/%s', (version) => {
  let engine: MemoryEngine;
  let table: TableOfEverybody;
  let doors: Doors;
  let client: HttpClient;

  beforeAll(async () => {
    engine = new MemoryEngine();
    table = await tableOfEverybody();
    const { table: gatekeeper, logger } = table.access;
    doors = await startDoors({
      ...{ port: 0, engine, engineHealth: 'e', time: realTime, logger, access: accessControl(gatekeeper) },
      metrics: () => Promise.resolve({ type: 'text/plain', text: 'kvs_x 1\n' }),
      ...{ panel: new PanelStand(realTime).connect().panel, panelFiles: panelFiles() },
    });
    doors.setServing(true);
    doors.setEngine(true);
    client = new HttpClient(doors.port, version);
    for (const key of ['a/k1', 'b/k1', `${NFC}/k1`]) verbs(engine).insert(key, 'guardado');
  });
  afterAll(async () => {
    client.close();
    await doors.stop(0);
  });

  function make(attempt: Attempt, key: string, authorization: string | undefined): Promise<HttpReply> {
    // Whoever fails once a second is told so each time.
    table.access.time.advance(accessLimits.attemptMs);
    const [method = ''] = attempt.name.split(' ');
    const headers = { ...attempt.headers, ...(authorization !== undefined && { authorization }) };
    const body = attempt.body?.(key);
    return client.ask(method, attempt.target(key), { headers, ...(body !== undefined && { body }) });
  }

  /** By one version all keys where they go by a route of their own, elsewhere one that is within reach and one that is not. */
  function keysFor({ name, needs }: Attempt): readonly string[] {
    if (needs === 'known' || needs === 'open') return KEYS.slice(0, 1);
    const isWhole = version === '2' && (name.startsWith('PUT') || name.startsWith('GET'));
    return isWhole ? KEYS : KEYS.slice(0, 2);
  }

  /** The code of the refusal; empty if there was none. */
  function refusalOf({ name }: Attempt, reply: HttpReply): string {
    if (name.startsWith('HEAD')) return { 401: 'NAO_AUTENTICADO', 403: 'NAO_AUTORIZADO' }[reply.status] ?? '';
    if (name === 'POST /v1/lote' && reply.status === 200) {
      return (JSON.parse(reply.text) as { codigo?: string }).codigo ?? '';
    }
    if (reply.status < 400) return '';
    const [, code] = problemIn(reply);
    return code === 'CHAVE_INEXISTENTE' ? '' : code;
  }

  it('the table names every route that the document has', async () => {
    const { paths } = JSON.parse((await client.get('/v1/openapi.json')).text) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const offered = Object.entries(paths).flatMap(([route, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${route}`),
    );
    const named = new Set(ATTEMPTS.map(({ name }) => name.replace('HEAD /v1/observa', 'GET /v1/observa')));
    expect(offered.filter((name) => !named.has(name))).toEqual([]);
  });

  it.each(EVERYBODY)('%s does what it may, and nothing else', async (who: Who) => {
    for (const attempt of ATTEMPTS) {
      for (const key of keysFor(attempt)) {
        const before = engine.calls;
        const counted = table.access.table.refusals.NAO_AUTORIZADO;
        const reply = await make(attempt, key, bearer(who));
        const { needs } = attempt;
        // Keys of the servers themselves are written by administrators alone.
        const isOwn = needs === 'write' && key.startsWith('$kvs/') && who !== 'raiz';
        const isAllowed = needs === 'known' || needs === 'open' || (!isOwn && may(who, needs, key));
        const expected = isAllowed ? '' : 'NAO_AUTORIZADO';
        expect([attempt.name, key, refusalOf(attempt, reply)]).toEqual([attempt.name, key, expected]);
        if (isAllowed) continue;
        // Refused before the store is asked, so the answer is the same whatever is there.
        expect([attempt.name, key, engine.calls - before]).toEqual([attempt.name, key, 0]);
        expect(table.access.table.refusals.NAO_AUTORIZADO - counted).toBe(1);
        expect(reply.text).not.toContain('guardado');
      }
    }
  });

  it.each(Object.entries(NOBODIES))(
    '%s opens what is open to anybody, and nothing else',
    async (_, authorization) => {
      for (const attempt of ATTEMPTS) {
        const before = engine.calls;
        const counted = table.access.table.refusals.NAO_AUTENTICADO;
        const reply = await make(attempt, 'a/k1', authorization);
        const isOpen = attempt.needs === 'open';
        expect([attempt.name, refusalOf(attempt, reply)]).toEqual([
          attempt.name,
          isOpen ? '' : 'NAO_AUTENTICADO',
        ]);
        expect([attempt.name, reply.status === 401]).toEqual([attempt.name, !isOpen]);
        expect(engine.calls - before).toBe(0);
        expect(table.access.table.refusals.NAO_AUTENTICADO - counted).toBe(isOpen ? 0 : 1);
      }
    },
  );

  it('strangers hear nothing of what is wrong with their request', async () => {
    const bad = ['/v1/chaves/%ff', '/v1/chaves/k?versao=x', '/v1/chaves?nada=1', '/v1/observa?inicio=x'];
    for (const target of bad) {
      table.access.time.advance(accessLimits.attemptMs);
      expect(problemIn(await client.get(target))).toEqual([401, 'NAO_AUTENTICADO']);
      expect(problemIn(await client.get(target, { authorization: bearer('raiz') }))[0]).toBe(400);
    }
  });

  it('wrong tokens are limited, and whoever is known is served meanwhile', async () => {
    expect((await client.get('/v1/chaves?prefixo=a/', { authorization: bearer('jose') })).status).toBe(200);
    const statuses = new Set<number>();
    for (let n = 0; n < 100; n++) {
      const wrong = await client.get('/v1/chaves/a/k1', { authorization: bearer('maria', `x${n}`) });
      statuses.add(wrong.status);
      if (wrong.status === 429) expect(wrong.headers['retry-after']).toBe('5');
    }
    expect([...statuses].sort()).toEqual([401, 429]);
    expect((await client.get('/v1/chaves?prefixo=a/', { authorization: bearer('jose') })).status).toBe(200);
  });
});
