import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDoors } from '../../src/doors/start.js';
import type { Doors } from '../../src/doors/start.js';
import { accessControl } from '../../src/security/access/control.js';
import { bearer } from '../security/access/people.js';
import { credential, TableStand } from '../security/access/support.js';
import { chromiumAvailable, PAGE_HOST, startBrowser } from '../support/browser.js';
import { RecordingLogger } from '../support/doors.js';
import { eventually } from '../support/eventually.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { realTime } from '../support/real-time.js';
import { verbs } from '../support/verbs.js';

/** The HTTP door as a person with a browser meets it: from elsewhere, from a page that may ask, by its own page. */
const available = chromiumAvailable();
const WAIT_MS = 60_000;
const VALUE = 'valor guardado';

describe.skipIf(!available)('the HTTP door in a browser', { timeout: WAIT_MS }, () => {
  let browser: Browser;
  let foreign: Server;
  let foreignOrigin: string;
  let context: BrowserContext;
  let page: Page;
  let doors: Doors;
  let base: string;

  beforeAll(async () => {
    browser = await startBrowser();
    foreign = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>página</title>');
    });
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    foreignOrigin = `http://${PAGE_HOST}:${(foreign.address() as AddressInfo).port}`;
  }, WAIT_MS);
  afterAll(async () => {
    await browser.close();
    foreign.closeAllConnections();
    foreign.close();
  });

  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
  }, WAIT_MS);
  afterEach(async () => {
    await context.close();
    await doors.stop(0);
  });

  async function open(more: Partial<Parameters<typeof startDoors>[0]> = {}): Promise<void> {
    const engine = new MemoryEngine();
    verbs(engine).insert('k', VALUE);
    const options = { port: 0, engine, engineHealth: 'e', time: realTime, logger: new RecordingLogger() };
    doors = await startDoors({ ...options, ...more });
    base = `http://127.0.0.1:${doors.port}`;
  }

  const follow = (how: string): Promise<unknown> =>
    page.evaluate(
      `{ const link = Object.assign(document.createElement('a'), { href: ${JSON.stringify(`${base}/v1/chaves/k`)}, target: ${JSON.stringify(how)} });
      document.body.append(link); link.click(); }`,
    );

  it('shows nothing to whoever follows a link of another page, or in a window that it opens', async () => {
    await open();
    await page.goto(foreignOrigin);
    await follow('');
    await page.waitForURL(`${base}/v1/chaves/k`);
    const shown = [await page.innerText('body')];
    const openings = [
      () => follow('_blank'),
      () => page.evaluate(`void window.open(${JSON.stringify(`${base}/v1/chaves/k`)})`),
      () => page.evaluate(`void window.open(${JSON.stringify(`${base}/v1/chaves/k`)}, '', 'noopener')`),
    ];
    for (const opening of openings) {
      await page.goto(foreignOrigin);
      const [popup] = await Promise.all([context.waitForEvent('page'), opening()]);
      await popup.waitForURL(`${base}/v1/chaves/k`);
      shown.push(await popup.innerText('body'));
      await popup.close();
    }
    for (const text of shown)
      expect(JSON.parse(text)).toMatchObject({ status: 403, codigo: 'NAO_AUTORIZADO' });
    expect(shown).toHaveLength(4);
    // Whoever types the same address is shown it.
    await (await page.goto(`${base}/v1/chaves/k`))?.finished();
    expect(await page.innerText('body')).toBe(VALUE);
  });

  const asks = (): Promise<unknown> =>
    page.evaluate(`(async () => {
      try {
        const url = ${JSON.stringify(`${base}/v1/chaves/k`)};
        const put = await fetch(url, { method: 'PUT', body: 'da página', headers: { 'if-match': '"1"' } });
        const source = new EventSource(${JSON.stringify(`${base}/v1/observa?inicio=tudo`)});
        const heard = await new Promise((resolve, reject) => {
          source.addEventListener('presente', ({ data }) => resolve(JSON.parse(data).valor));
          source.onerror = reject;
        });
        source.close();
        return [put.status, put.headers.get('etag'), await (await fetch(url)).text(), heard];
      } catch { return 'nada'; }
    })()`);

  it('lets pages of a listed origin ask, and no others', async () => {
    await open({ http: { origins: [foreignOrigin] } });
    await page.goto(foreignOrigin);
    expect(await asks()).toEqual([201, '"2"', 'da página', VALUE]);
    await doors.stop(0);
    await open({ http: { origins: ['https://painel.exemplo'] } });
    expect(await asks()).toBe('nada');
  });

  it('has a page by which a person tries it, with a token', async () => {
    const access = accessControl(new TableStand(await credential('ana', 'escrita', ['a/'])).table);
    await open({ access });
    const errors: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    await page.goto(`${base}/v1`);
    const part = (name: string) =>
      page.locator('details').filter({ has: page.locator('code', { hasText: new RegExp(`^${name}$`) }) });
    const put = part('PUT /v1/chaves/\\{chave\\}');
    await put.locator('summary').click();
    await put.locator('[name=chave]').fill('a/é 1');
    await put.locator('[name=corpo]').fill('escrito à mão');
    const submit = async (where: typeof put, expected: string): Promise<string> => {
      await where.locator('button').click();
      return eventually(expected, async () => {
        const text = await where.locator('pre').innerText();
        return text.includes(expected) && text;
      });
    };
    await submit(put, 'NAO_AUTENTICADO');
    await page.fill('#token', bearer('ana').replace('Bearer ', ''));
    expect(await submit(put, '"valor":"escrito à mão"')).toMatch(/^201 /);
    const watch = part('GET /v1/observa');
    await watch.locator('summary').click();
    await watch.locator('[name=prefixo]').fill('a/');
    await submit(watch, 'event: em-dia');
    await put.locator('[name=corpo]').fill('outra vez');
    await submit(put, '"versao":2');
    await eventually('the change is shown', async () =>
      (await watch.locator('pre').innerText()).includes('"valor":"outra vez"'),
    );
    await put.locator('[name=chave]').fill('b/fora');
    await submit(put, 'NAO_AUTORIZADO');
    expect(errors).toEqual([]);
  });
});
