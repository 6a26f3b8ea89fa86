import { afterEach, describe, expect, it } from 'vitest';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { accessControl } from '../../../src/security/access/control.js';
import { credential, TableStand } from '../../security/access/support.js';
import { RecordingLogger } from '../../support/doors.js';
import { HttpClient, problemIn } from '../../support/http-client.js';
import type { HttpVersion } from '../../support/http-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { panelFiles } from '../../support/panel-files.js';
import { realTime } from '../../support/real-time.js';

const ASSET = '/painel/assets/index-1.js';

describe.each<[HttpVersion]>([['1.1'], ['2']])('the files of the panel by HTTP/%s', (version) => {
  let doors: Doors;
  let client: HttpClient;

  async function open(more: Partial<Parameters<typeof startDoors>[0]> = {}): Promise<void> {
    doors = await startDoors({
      ...{ port: 0, engine: new MemoryEngine(), engineHealth: 'e', time: realTime },
      ...{ logger: new RecordingLogger(), panelFiles: panelFiles() },
      ...more,
    });
    client = new HttpClient(doors.port, version);
  }
  afterEach(async () => {
    client.close();
    await doors.stop(0);
  });

  it('are sent whole, compressed, not at all where they are known, and as a head alone', async () => {
    await open();
    const index = await client.get('/');
    expect([index.status, index.text]).toEqual([200, 'index.html']);
    expect(index.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
    expect(index.headers['content-security-policy']).toMatch(/script-src 'self'.*frame-ancestors 'none'/);
    const asset = await client.get(`${ASSET}?v=1`, { 'accept-encoding': 'gzip, br' });
    expect([asset.status, asset.text, asset.headers['content-encoding']]).toEqual([200, 'brotli', 'br']);
    expect(asset.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    const etag = asset.headers['etag'] ?? '';
    const known = await client.get(ASSET, { 'accept-encoding': 'br', 'if-none-match': etag });
    expect([known.status, known.text, known.headers['etag']]).toEqual([304, '', etag]);
    const head = await client.ask('HEAD', ASSET);
    expect([head.status, head.text, head.headers['content-type']]).toEqual([
      200,
      '',
      'text/javascript; charset=utf-8',
    ]);
  });

  it('are read only, and only those that are listed', async () => {
    await open();
    for (const method of ['PUT', 'POST', 'DELETE'])
      expect(problemIn(await client.ask(method, ASSET))).toEqual([405, 'PEDIDO_INVALIDO']);
    for (const path of ['/painel/assets/../../index.html', '/painel/', '/laboratorio.html', `${ASSET}.br`])
      expect(problemIn(await client.get(path))).toEqual([404, 'PEDIDO_INVALIDO']);
  });

  it('are for everybody who may know of this server, and for no page of another origin', async () => {
    const access = accessControl(new TableStand(await credential('bia', 'leitura')).table);
    await open({ access });
    expect((await client.get('/')).status).toBe(200);
    expect((await client.get(ASSET)).status).toBe(200);
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'http://pagina.example' }])
      expect(problemIn(await client.get(ASSET, headers))).toEqual([403, 'NAO_AUTORIZADO']);
  });

  it('a link of another page leads a person to the page, and nobody to anything else', async () => {
    await open();
    const link = {
      ...{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' },
      ...{ 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' },
    };
    const page = await client.get('/', link);
    expect(page.status).toBe(200);
    expect(page.headers['cross-origin-opener-policy']).toBe('same-origin');
    expect((await client.get('/', { ...link, 'sec-fetch-site': 'cross-site' })).status).toBe(200);
    for (const path of [ASSET, '/v1', '/v1/painel', '/v1/chaves/k', '/metrics', '/saude'])
      expect(problemIn(await client.get(path, link))).toEqual([403, 'NAO_AUTORIZADO']);
    for (const other of [
      { 'sec-fetch-dest': 'iframe' },
      { 'sec-fetch-user': '?0' },
      { 'sec-fetch-mode': 'no-cors' },
      { origin: 'http://pagina.example' },
      { host: 'pagina.example' },
    ])
      expect(problemIn(await client.get('/', { ...link, ...other }))).toEqual([403, 'NAO_AUTORIZADO']);
    expect(problemIn(await client.ask('POST', '/', { headers: link }))).toEqual([403, 'NAO_AUTORIZADO']);
  });

  it('are not there where HTTP is closed', async () => {
    await open({ http: { isOpen: false } });
    for (const path of ['/', ASSET, '/v1/painel'])
      expect(problemIn(await client.get(path))).toEqual([404, 'NAO_SUPORTADO']);
  });

  it('give way to a page that says how to build them, where there are none', async () => {
    await open({ panelFiles: undefined });
    const page = await client.get('/');
    expect(page.status).toBe(200);
    expect(page.text).toContain('./compile.sh');
    for (const path of ['/v1', '/saude', '/pronto', '/v1/estado', '/metrics'])
      expect(page.text).toContain(`href="${path}"`);
    expect(problemIn(await client.get(ASSET))).toEqual([404, 'PEDIDO_INVALIDO']);
  });
});
