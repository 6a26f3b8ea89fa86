import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { limits } from '../../../src/core/limits.js';
import { RecordingLogger } from '../../support/doors.js';
import { HttpClient, problemIn } from '../../support/http-client.js';
import type { HttpVersion } from '../../support/http-client.js';
import { AsyncMemoryEngine, MemoryEngine } from '../../support/memory-engine.js';
import { realTime } from '../../support/real-time.js';

describe.each<[HttpVersion, string, () => MemoryEngine | AsyncMemoryEngine]>([
  ['1.1', 'an engine that answers at once', () => new MemoryEngine()],
  ['2', 'an engine that answers later', () => new AsyncMemoryEngine()],
])('keys by HTTP/%s on %s', (version, _, engineOf) => {
  let engine: MemoryEngine | AsyncMemoryEngine;
  let doors: Doors;

  beforeEach(async () => {
    engine = engineOf();
    const options = { port: 0, engineHealth: 'e', time: realTime, logger: new RecordingLogger() };
    doors = await startDoors({ ...options, engine });
  });
  afterEach(() => doors.stop(0));

  let client: HttpClient;
  beforeEach(() => {
    client = new HttpClient(doors.port, version);
  });
  afterEach(() => client.close());

  it('a value is put, got as text and as JSON, and removed', async () => {
    const put = await client.put('/v1/chaves/casa/sala', 'olá');
    expect([put.status, put.headers['etag'], put.headers['x-kvs-versao']]).toEqual([201, '"1"', '1']);
    const line = JSON.parse(put.text) as Record<string, unknown>;
    expect(line).toEqual({
      ...{ chave: 'casa/sala', valor: 'olá', versao: 1, ts: line['ts'], origem: 'unico' },
      ...{ servidor: '', expira: 0, atual: true, irma: false, estavel: true },
    });
    const text = await client.get('/v1/chaves/casa%2Fsala');
    expect([text.status, text.text]).toEqual([200, 'olá']);
    expect(text.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      etag: '"1"',
      'x-kvs-versao': '1',
      vary: 'accept',
      'x-content-type-options': 'nosniff',
    });
    const json = await client.get('/v1/chaves/casa/sala', { accept: 'application/json' });
    expect(json.headers['content-type']).toBe('application/json');
    expect(JSON.parse(json.text)).toEqual(line);
    expect(json.headers['etag']).not.toBe('"1"');
    expect((await client.ask('DELETE', '/v1/chaves/casa/sala')).status).toBe(204);
    expect(problemIn(await client.ask('DELETE', '/v1/chaves/casa/sala'))).toEqual([404, 'CHAVE_INEXISTENTE']);
    expect(problemIn(await client.get('/v1/chaves/casa/sala'))).toEqual([404, 'CHAVE_INEXISTENTE']);
  });

  it('versions and instants are found', async () => {
    const [one, two] = [await client.put('/v1/chaves/k', 'um'), await client.put('/v1/chaves/k', 'dois')];
    const [first, second] = [one, two].map(({ text }) => (JSON.parse(text) as { ts: number }).ts);
    expect((await client.get('/v1/chaves/k?versao=1')).text).toBe('um');
    expect((await client.get('/v1/chaves/k?versao=2147483647')).text).toBe('dois');
    expect((await client.get(`/v1/chaves/k?em=${first}`)).text).toBe('um');
    expect((await client.get(`/v1/chaves/k?em=${second}`)).text).toBe('dois');
    expect(problemIn(await client.get(`/v1/chaves/k?em=${first! - 1}`))).toEqual([404, 'VERSAO_INEXISTENTE']);
    expect((await client.ask('DELETE', '/v1/chaves/k?versao=1')).status).toBe(204);
    expect(problemIn(await client.ask('DELETE', '/v1/chaves/k?versao=1'))).toEqual([
      404,
      'VERSAO_INEXISTENTE',
    ]);
    expect(problemIn(await client.get('/v1/chaves/k?versao=1'))).toEqual([404, 'VERSAO_INEXISTENTE']);
  });

  it.each([
    ['a%20b', 'a b'],
    ['%E2%82%AC', '€'],
    ['a+b', 'a+b'],
    ['a/%2F%2f/', 'a////'],
    ['%00%0a', '\0\n'],
    ['%25', '%'],
    ['%F0%9F%98%80', '😀'],
    ["!$&'()*,;=:@~", "!$&'()*,;=:@~"],
    ['%EF%BB%BFx', '\ufeffx'],
    ['%2e%2E', '..'],
  ])('the path %s names the key %j', async (path, key) => {
    const put = await client.put(`/v1/chaves/${path}`, '');
    expect((JSON.parse(put.text) as { chave: string }).chave).toBe(key);
    const got = await client.get(`/v1/chave?chave=${encodeURIComponent(key)}`);
    expect([got.status, got.text]).toEqual([200, '']);
  });

  it.each(['%', '%2', '%zz', '%C0%AF', '%ED%A0%80', '%FF', '%E2%82', '%F4%90%80%80'])(
    'the path %s names none',
    async (path) => {
      expect(problemIn(await client.get(`/v1/chaves/a${path}`))).toEqual([400, 'CHAVE_INVALIDA']);
      expect(problemIn(await client.get(`/v1/chave?chave=${path}`))).toEqual([400, 'PEDIDO_INVALIDO']);
    },
  );

  it('keys that a path cannot carry go in the query', async () => {
    for (const key of ['', '.', '..', 'a+b c', 'x'.repeat(8000)]) {
      const target = `/v1/chave?${new URLSearchParams({ chave: key }).toString()}`;
      expect((await client.put(target, key)).status).toBe(201);
      expect((await client.get(target)).text).toBe(key);
      expect((await client.ask('DELETE', target)).status).toBe(204);
    }
    expect(problemIn(await client.get('/v1/chaves/'))).toEqual([404, 'PEDIDO_INVALIDO']);
    const unnamed = await client.get('/v1/chave');
    expect(problemIn(unnamed)).toEqual([400, 'PEDIDO_INVALIDO']);
    expect(unnamed.text).toContain('falta a chave');
    expect(problemIn(await client.get(`/v1/chaves/${'x'.repeat(8192)}`))).toEqual([414, 'CHAVE_LONGA']);
    expect(problemIn(await client.put(`/v1/chaves/${'x'.repeat(20_000)}`, 'v'))).toEqual([
      414,
      'CHAVE_LONGA',
    ]);
  });

  it('queries are taken strictly, and refusals name what is wrong', async () => {
    for (const [query, named] of [
      ['versao=0', 'versao'],
      ['versao=-1', 'versao'],
      ['versao=01', 'versao'],
      ['versao=1.0', 'versao'],
      ['versao=%201', 'versao'],
      ['versao=', 'versao'],
      ['versao=2147483648', 'versao'],
      ['em=8640000000000001', 'em'],
      ['versao=1&versao=1', 'versao'],
      ['outra=1', 'outra'],
      ['Versao=1', 'Versao'],
      ['ttl=1', 'ttl'],
      ['__proto__=1', '__proto__'],
      ['constructor=1', 'constructor'],
      ['versao=1&em=1', 'versao e em'],
      ['%ff=1', '%ff=1'],
    ] as const) {
      const reply = await client.get(`/v1/chaves/k?${query}`);
      expect(problemIn(reply)).toEqual([400, 'PEDIDO_INVALIDO']);
      expect((JSON.parse(reply.text) as { detail: string }).detail).toContain(named);
    }
    for (const ttl of ['0', '2147483648', '1s', '1e3']) {
      expect(problemIn(await client.put(`/v1/chaves/k?ttl=${ttl}`, 'v'))).toEqual([400, 'PEDIDO_INVALIDO']);
    }
    expect((await client.get('/v1/chaves/k?')).status).toBe(404);
    expect(problemIn(await client.get('/v1/chaves/k'))).toEqual([404, 'CHAVE_INEXISTENTE']);
  });

  it('a time to live is kept', async () => {
    const put = await client.put('/v1/chaves/k?ttl=60', 'v');
    const { ts, expira } = JSON.parse(put.text) as { ts: number; expira: number };
    expect(Math.abs(expira - ts - 60_000)).toBeLessThan(100);
  });

  it('values are UTF-8 of at most 64 KiB, of a type that is ours', async () => {
    const longest = 'x'.repeat(limits.valueBytes);
    expect((await client.put('/v1/chaves/k', longest)).status).toBe(201);
    expect((await client.get('/v1/chaves/k')).text).toBe(longest);
    expect(problemIn(await client.put('/v1/chaves/k', `${longest}x`))).toEqual([413, 'VALOR_LONGO']);
    const chunked = { 'transfer-encoding': 'chunked' };
    const announced: Readonly<Record<string, string>> = version === '1.1' ? chunked : {};
    const reply = await client.ask('PUT', '/v1/chaves/k', { body: `${longest}x`, headers: announced });
    expect(problemIn(reply)).toEqual([413, 'VALOR_LONGO']);
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      expect(problemIn(await client.put('/v1/chaves/k', Buffer.from(bytes)))).toEqual([
        400,
        'VALOR_INVALIDO',
      ]);
    }
    for (const type of ['text/plain', 'text/plain; charset=UTF-8', 'application/x-www-form-urlencoded'])
      expect((await client.put('/v1/chaves/k', 'a=b', { 'content-type': type })).status).toBe(201);
    for (const type of ['image/png', 'multipart/form-data; boundary=x', 'text/plain; charset=latin1', 'x'])
      expect(problemIn(await client.put('/v1/chaves/k', 'v', { 'content-type': type }))).toEqual([
        415,
        'PEDIDO_INVALIDO',
      ]);
    expect(problemIn(await client.put('/v1/chaves/k', 'v', { 'content-encoding': 'gzip' }))).toEqual([
      415,
      'PEDIDO_INVALIDO',
    ]);
    expect((await client.get('/v1/chaves/k')).text).toBe('a=b');
  });

  it('writes compare what is there where they are asked to', async () => {
    const put = (match: Readonly<Record<string, string>>) => client.put('/v1/chaves/k', 'v', match);
    expect((await put({ 'if-none-match': '*' })).status).toBe(201);
    expect(problemIn(await put({ 'if-none-match': '*' }))).toEqual([412, 'VERSAO_OUTRA']);
    expect((await put({ 'if-match': '"1"' })).headers['etag']).toBe('"2"');
    expect(problemIn(await put({ 'if-match': '"1"' }))).toEqual([412, 'VERSAO_OUTRA']);
    expect(problemIn(await put({ 'if-match': 'W/"2"' }))).toEqual([412, 'VERSAO_OUTRA']);
    expect(problemIn(await put({ 'if-match': '"2@unico"' }))).toEqual([412, 'VERSAO_OUTRA']);
    expect((await put({ 'if-match': '"9", , "2"' })).status).toBe(201);
    expect((await put({ 'if-match': '*' })).status).toBe(201);
    expect(problemIn(await put({ 'if-none-match': '"4"' }))).toEqual([412, 'VERSAO_OUTRA']);
    expect((await put({ 'if-none-match': '"3", W/"2"' })).status).toBe(201);
    expect((await put({ 'if-match': '"5"', 'if-none-match': '"4"' })).status).toBe(201);
    const json = await client.get('/v1/chaves/k', { accept: 'application/json' });
    expect((await put({ 'if-match': json.headers['etag']! })).headers['etag']).toBe('"7"');
    expect(problemIn(await put({ 'if-match': json.headers['etag']! }))).toEqual([412, 'VERSAO_OUTRA']);
    for (const bad of ['7', '"7', '""7"', '"7" "8"', '', ',', '*, "7"'])
      expect(problemIn(await put({ 'if-match': bad }))).toEqual([400, 'PEDIDO_INVALIDO']);
    const remove = (match: Readonly<Record<string, string>>, query = '') =>
      client.ask('DELETE', `/v1/chaves/k${query}`, { headers: match });
    expect(problemIn(await remove({ 'if-match': '"1"' }))).toEqual([412, 'VERSAO_OUTRA']);
    expect(problemIn(await remove({ 'if-match': '"7"' }, '?versao=7'))).toEqual([501, 'NAO_SUPORTADO']);
    expect(problemIn(await remove({ 'if-none-match': '*' }))).toEqual([412, 'VERSAO_OUTRA']);
    expect((await remove({ 'if-match': '"7"' })).status).toBe(204);
    expect(problemIn(await remove({ 'if-match': '"7"' }))).toEqual([412, 'VERSAO_OUTRA']);
    expect(problemIn(await remove({ 'if-none-match': '*' }))).toEqual([404, 'CHAVE_INEXISTENTE']);
    expect(problemIn(await put({ 'if-match': '*' }))).toEqual([412, 'VERSAO_OUTRA']);
    expect(problemIn(await put({ 'if-match': '"0"' }))).toEqual([412, 'VERSAO_OUTRA']);
  });

  it('reads compare tags of the form that they would show', async () => {
    await client.put('/v1/chaves/k', 'v');
    const get = (headers: Readonly<Record<string, string>>) => client.get('/v1/chaves/k', headers);
    for (const tag of ['"1"', 'W/"1"', '"0", "1"', '*']) {
      const reply = await get({ 'if-none-match': tag });
      expect([reply.status, reply.text, reply.headers['etag'], reply.headers['vary']]).toEqual([
        ...[304, '', '"1"', 'accept'],
      ]);
    }
    expect((await get({ 'if-none-match': '"2"' })).status).toBe(200);
    expect((await get({ 'if-none-match': '"1"', accept: 'application/json' })).status).toBe(200);
    const { etag } = (await get({ accept: 'application/json' })).headers;
    expect((await get({ 'if-none-match': etag!, accept: 'application/json' })).status).toBe(304);
    expect((await get({ 'if-none-match': etag! })).status).toBe(200);
    expect(problemIn(await get({ 'if-match': '"2"' }))).toEqual([412, 'VERSAO_OUTRA']);
    expect((await get({ 'if-match': '"1"' })).status).toBe(200);
    expect((await client.get('/v1/chaves/outra', { 'if-none-match': '*' })).status).toBe(404);
  });

  it.each([
    [undefined, 200, 'text/plain; charset=utf-8'],
    ['*/*', 200, 'text/plain; charset=utf-8'],
    ['application/json', 200, 'application/json'],
    ['APPLICATION/JSON', 200, 'application/json'],
    ['application/*', 200, 'application/json'],
    ['text/html, */*;q=0.1', 200, 'text/plain; charset=utf-8'],
    ['application/json;q=0.5, text/plain;q=0.4', 200, 'application/json'],
    ['application/json;q=0.5, text/*;q=0.5', 200, 'text/plain; charset=utf-8'],
    ['text/plain;q=0, */*', 200, 'application/json'],
    ['text/plain;q=0', 406, 'application/problem+json; charset=utf-8'],
    ['image/png', 406, 'application/problem+json; charset=utf-8'],
  ])('whoever accepts %s gets what it takes', async (accept, status, type) => {
    await client.put('/v1/chaves/k', 'v');
    const reply = await client.get('/v1/chaves/k', accept === undefined ? {} : { accept });
    expect([reply.status, reply.headers['content-type'], reply.headers['vary']]).toEqual([
      status,
      type,
      'accept',
    ]);
  });

  it('HEAD is GET without its body; OPTIONS says what there is; other methods are told so', async () => {
    await client.put('/v1/chaves/k', 'valor');
    const head = await client.ask('HEAD', '/v1/chaves/k');
    expect([head.status, head.text, head.headers['etag']]).toEqual([200, '', '"1"']);
    expect((await client.ask('HEAD', '/v1/chaves/x')).status).toBe(404);
    const allow = 'GET, HEAD, PUT, DELETE, OPTIONS';
    const options = await client.ask('OPTIONS', '/v1/chaves/k');
    expect([options.status, options.headers['allow']]).toEqual([204, allow]);
    for (const method of ['POST', 'PATCH', 'TRACE', 'PROPFIND']) {
      const reply = await client.ask(method, '/v1/chaves/k');
      expect([...problemIn(reply), reply.headers['allow']]).toEqual([405, 'PEDIDO_INVALIDO', allow]);
    }
    expect(problemIn(await client.get('/v1/nada'))).toEqual([404, 'PEDIDO_INVALIDO']);
  });
});
