import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { accessControl } from '../../../src/security/access/control.js';
import { RecordingLogger } from '../../support/doors.js';
import { HttpClient, problemIn } from '../../support/http-client.js';
import type { HttpVersion } from '../../support/http-client.js';
import { AsyncMemoryEngine, MemoryEngine } from '../../support/memory-engine.js';
import { realTime } from '../../support/real-time.js';
import { credential, TableStand } from '../../security/access/support.js';
import { bearer } from '../../security/access/people.js';

const VERSIONS: readonly HttpVersion[] = ['1.1', '2'];

let doors: Doors;
let client: HttpClient;
afterEach(async () => {
  client.close();
  await doors.stop(0);
});

async function open(
  version: HttpVersion,
  more: Partial<Parameters<typeof startDoors>[0]> = {},
): Promise<void> {
  const options = { port: 0, engine: new MemoryEngine(), engineHealth: 'e', time: realTime };
  doors = await startDoors({ ...options, logger: new RecordingLogger(), ...more });
  client = new HttpClient(doors.port, version);
}

const keysOf = (text: string): string[] =>
  (JSON.parse(text) as { chave: string }[]).map(({ chave }) => chave);
const bodyLines = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

describe('lists and histories', () => {
  beforeEach(() => open('2'));

  it('a list goes by pages, in order, each with a link to the next', async () => {
    const keys = ['', '/', 'a', 'a b', 'a&b=c', 'é', '\uffee', '😀'];
    for (const key of keys) await client.put(`/v1/chave?chave=${encodeURIComponent(key)}`, 'v');
    const seen: string[] = [];
    let target: string | undefined = '/v1/chaves?limite=3';
    let pages = 0;
    while (target !== undefined) {
      const page = await client.get(target);
      expect(page.headers['content-type']).toBe('application/json');
      seen.push(...keysOf(page.text));
      pages++;
      target = /^<(.*)>; rel="next"$/.exec(page.headers['link'] ?? '')?.[1];
    }
    expect([seen, pages]).toEqual([keys, 3]);
    expect(keysOf((await client.get('/v1/chaves?prefixo=a')).text)).toEqual(['a', 'a b', 'a&b=c']);
    expect(keysOf((await client.get('/v1/chaves?de=a%20b&ate=%C3%A9')).text)).toEqual(['a b', 'a&b=c', 'é']);
    expect(keysOf((await client.get('/v1/chaves?depois=a+b&limite=1')).text)).toEqual(['a&b=c']);
    for (const flag of ['so-chaves', 'so-chaves=', 'so-chaves=sim']) {
      expect((await client.get(`/v1/chaves?prefixo=a&${flag}`)).text).toBe('["a",\n"a b",\n"a&b=c"]\n');
    }
    const keysOnly = await client.get('/v1/chaves?so-chaves&limite=2');
    expect(keysOnly.headers['link']).toBe('</v1/chaves?limite=2&depois=%2F&so-chaves>; rel="next"');
    expect((await client.get('/v1/chaves?prefixo=zz')).text).toBe('[]\n');
    for (const bad of ['limite=0', 'limite=10001', 'so-chaves=talvez', 'prefixo=a&prefixo=b', 'pagina=2'])
      expect(problemIn(await client.get(`/v1/chaves?${bad}`))).toEqual([400, 'PEDIDO_INVALIDO']);
  });

  it('a page ends before it is too large, and where a target can lead on', async () => {
    const value = 'x'.repeat(60_000);
    for (let n = 10; n < 40; n++) await client.put(`/v1/chaves/k${n}`, value);
    const page = await client.get('/v1/chaves');
    expect(keysOf(page.text).length).toBe(17);
    expect(page.text.length).toBeLessThan(1_050_000);
    expect(page.headers['link']).toBe('</v1/chaves?depois=k26>; rel="next"');
    const long = 'k99'.padEnd(9000, 'x');
    const lines = ['a', long, `${long}1`].map((chave) => JSON.stringify({ chave, valor: 'v' })).join('\n');
    await client.ask('POST', '/v1/lote', { body: lines });
    const until = await client.get('/v1/chaves?so-chaves&limite=2&depois=k38');
    expect([until.text, until.headers['link']]).toEqual([
      ...['["k39"]\n', '</v1/chaves?limite=2&depois=k39&so-chaves>; rel="next"'],
    ]);
    expect(problemIn(await client.get('/v1/chaves?limite=1&depois=k39'))).toEqual([414, 'CHAVE_LONGA']);
    expect(JSON.parse((await client.get('/v1/chaves?so-chaves&depois=k39')).text)).toHaveLength(2);
  });

  it('a history is all versions, the oldest first', async () => {
    for (const value of ['um', 'dois', 'três']) await client.put('/v1/chaves/a/b', value);
    const paths = ['/v1/historico/a/b', '/v1/historico/a%2Fb', '/v1/historico?chave=a/b'];
    for (const path of paths) {
      const { status, text } = await client.get(path);
      const lines = JSON.parse(text) as { valor: string; versao: number; atual: boolean }[];
      expect([status, lines.map(({ valor, versao, atual }) => [valor, versao, atual])]).toEqual([
        200,
        [
          ['um', 1, false],
          ['dois', 2, false],
          ['três', 3, true],
        ],
      ]);
    }
    expect((await client.get('/v1/historico/nada')).text).toBe('[]\n');
    expect(problemIn(await client.get('/v1/historico/a%2'))).toEqual([400, 'CHAVE_INVALIDA']);
    expect((await client.ask('HEAD', '/v1/historico/a/b')).status).toBe(200);
  });
});

describe.each<[string, HttpVersion, () => MemoryEngine | AsyncMemoryEngine]>([
  ['at once', '1.1', () => new MemoryEngine()],
  ['later', '2', () => new AsyncMemoryEngine()],
])('a batch, on an engine that answers %s, by HTTP/%s', (_, version, engineOf) => {
  it('is answered by a line for each pair, in order', async () => {
    await open(version, { engine: engineOf() });
    const body = [
      '{"chave":"a","valor":"1"}',
      '{"valor":"2","chave":"a"}\r',
      '',
      '{"chave":"b"}',
      '{"chave":"c","valor":"x","ttl":1}',
      'não é JSON',
      '[]',
      'null',
      '"texto"',
      '{"chave":"\\ud800","valor":""}',
      '{"chave":"d","valor":"\\udc00"}',
      JSON.stringify({ chave: 'e'.repeat(65_537), valor: '' }),
      JSON.stringify({ chave: 'f', valor: 'x'.repeat(65_537) }),
      JSON.stringify({ chave: '', valor: '' }),
      '{"chave":"a","valor":"3"}',
    ].join('\n');
    const { status, headers, text } = await client.ask('POST', '/v1/lote', { body });
    expect([status, headers['content-type']]).toEqual([200, 'application/x-ndjson']);
    const notJson = { chave: null, codigo: 'PEDIDO_INVALIDO', detail: 'a linha não é JSON' };
    const noPair = {
      codigo: 'PEDIDO_INVALIDO',
      detail: 'a linha não é {"chave","valor"} com dois textos',
    };
    const none = { chave: null, ...noPair };
    expect(bodyLines(text)).toEqual([
      { chave: 'a', versao: 1 },
      { chave: 'a', versao: 2 },
      { chave: 'b', ...noPair },
      { chave: 'c', ...noPair },
      ...[notJson, none, none, none],
      { chave: null, codigo: 'CHAVE_INVALIDA', detail: 'não é UTF-8 válido' },
      { chave: 'd', codigo: 'VALOR_INVALIDO', detail: 'o valor não é UTF-8 válido' },
      { chave: 'e'.repeat(65_537), codigo: 'CHAVE_LONGA', detail: 'a chave passa de 65536 bytes' },
      { chave: 'f', codigo: 'VALOR_LONGO', detail: 'o valor passa de 65536 bytes' },
      { chave: '', versao: 1 },
      { chave: 'a', versao: 3 },
    ]);
    expect((await client.ask('POST', '/v1/lote', { body: '' })).text).toBe('');
    const types = { headers: { 'content-type': 'image/png' }, body: 'x' };
    expect(problemIn(await client.ask('POST', '/v1/lote', types))).toEqual([415, 'PEDIDO_INVALIDO']);
    expect(problemIn(await client.get('/v1/lote'))).toEqual([405, 'PEDIDO_INVALIDO']);
  });

  it.each(VERSIONS)('may be sent whole before its answer is read, by HTTP/%s too', async (either) => {
    await open(either, { engine: engineOf() });
    const count = 10_000;
    const pair = (n: number): string => JSON.stringify({ chave: `chave/${n % 100}`, valor: 'x'.repeat(100) });
    const body = Array.from({ length: count }, (__, n) => pair(n)).join('\n');
    const { text } = await client.ask('POST', '/v1/lote', { body });
    const lines = bodyLines(text) as { chave: string; versao: number }[];
    expect(lines).toHaveLength(count);
    expect(lines.at(-1)).toEqual({ chave: 'chave/99', versao: count / 100 });
  });

  it('that is too large ends with a line that says so', async () => {
    await open(version, { engine: engineOf() });
    const line = `${JSON.stringify({ chave: 'k', valor: '' })}\n`;
    const { text } = await client.ask('POST', '/v1/lote', { body: `${line}"${'x'.repeat(2 ** 20)}` });
    expect(bodyLines(text)).toEqual([
      { chave: 'k', versao: 1 },
      {
        ...{ chave: null, codigo: 'PEDIDO_INVALIDO' },
        detail: 'o lote passa de 1048576 bytes em uma linha; divida-o',
      },
    ]);
  });
});

describe('what else there is', () => {
  it('figures and status are shown to whom gRPC shows them', async () => {
    const access = accessControl(new TableStand(await credential('ana', 'leitura', ['a/'])).table);
    const metrics = () => Promise.resolve({ type: 'text/plain; version=0.0.4', text: 'kvs_x 1\n' });
    await open('2', { access, metrics });
    for (const path of ['/metrics', '/v1/estado']) {
      const refused = await client.get(path);
      expect([...problemIn(refused), refused.headers['www-authenticate']]).toEqual([
        401,
        'NAO_AUTENTICADO',
        'Bearer',
      ]);
      expect(problemIn(await client.get(path, { authorization: 'Bearer x' }))[0]).toBe(401);
    }
    const shown = await client.get('/metrics', { authorization: bearer('ana') });
    expect([shown.status, shown.headers['content-type'], shown.text]).toEqual([
      200,
      'text/plain; version=0.0.4',
      'kvs_x 1\n',
    ]);
    const status = await client.get('/v1/estado', { authorization: bearer('ana') });
    expect(JSON.parse(status.text)).toMatchObject({ servidores: [{ eu: true }] });
    for (const path of ['/v1', '/v1/openapi.json', '/', '/v1/pagina.js'])
      expect((await client.get(path)).status).toBe(200);
  });

  it('sessions and request ids go in header fields', async () => {
    await open('1.1');
    const id = { 'idempotency-key': 'zzzz-12345678901' };
    expect(problemIn(await client.get('/v1/chaves/k', id))).toEqual([501, 'NAO_SUPORTADO']);
    expect(problemIn(await client.put('/v1/chaves/k', 'v', { 'x-kvs-sessao': 'nova' }))).toEqual([
      501,
      'NAO_SUPORTADO',
    ]);
    expect(problemIn(await client.put('/v1/chaves/k', 'v', { 'x-kvs-confirmacao': '1' }))).toEqual([
      501,
      'NAO_SUPORTADO',
    ]);
  });

  it.each(VERSIONS)('with --sem-http nothing is there, by HTTP/%s', async (version) => {
    await open(version, { http: { isOpen: false } });
    for (const path of ['/', '/saude', '/pronto', '/metrics', '/v1', '/v1/chaves/k'])
      expect(problemIn(await client.get(path))).toEqual([404, 'NAO_SUPORTADO']);
  });

  it('further names are answered to, and pages of listed origins may ask', async () => {
    const http = { names: ['Kvs.Exemplo'], origins: ['https://painel.exemplo'] };
    await open('1.1', { http });
    expect((await client.get('/v1', { host: 'kvs.exemplo:9000' })).status).toBe(200);
    expect(problemIn(await client.get('/v1', { host: 'outro.exemplo' }))).toEqual([403, 'NAO_AUTORIZADO']);
    const page = { origin: 'https://painel.exemplo', 'sec-fetch-site': 'cross-site' };
    const put = await client.put('/v1/chaves/k', 'v', page);
    expect([put.status, put.headers['access-control-allow-origin'], put.headers['vary']]).toEqual([
      ...[201, 'https://painel.exemplo', 'origin'],
    ]);
    const got = await client.get('/v1/chaves/k', page);
    expect([got.headers['vary'], got.headers['access-control-expose-headers']]).toEqual([
      ...['origin, accept', expect.stringContaining('etag') as string],
    ]);
    expect((await client.get('/v1/chaves/x', page)).headers['access-control-allow-origin']).toBe(page.origin);
    const preflight = {
      ...page,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'if-match',
    };
    const asked = await client.ask('OPTIONS', '/v1/chaves/k', { headers: preflight });
    expect(asked.status).toBe(204);
    expect(asked.headers['access-control-allow-methods']).toContain('PUT');
    expect(asked.headers['access-control-allow-headers']).toContain('if-match');
    const foreign = { headers: { ...preflight, origin: 'https://outra.exemplo' } };
    expect((await client.ask('OPTIONS', '/v1/chaves/k', foreign)).status).toBe(403);
    expect(problemIn(await client.get('/v1', { 'sec-fetch-site': 'cross-site' }))[0]).toBe(403);
  });
});
