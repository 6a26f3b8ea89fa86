import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingText } from '../../../src/laboratory/early-end.js';
import { LabProcess } from '../../laboratory/lab-process.js';
import { fromForeignPage, fromReboundPage, seen } from '../../browser/attempts.js';
import { chromiumAvailable, startBrowser } from '../../support/browser.js';
import { fillDisk } from '../../support/data-folder.js';
import { ensureBuilt, root } from '../../support/e2e-build.js';
import { tabTo, toTop, walkByTab } from '../../support/tab-walk.js';
import { LabPage } from './lab-page.js';
import { PageDriver } from './page-driver.js';
import { PageStand } from './page-stand.js';
import { consensusStory, fleetStory, leaderStory, longRun } from './run-builder.js';

const available = chromiumAvailable();
const WAIT_MS = 120_000;

/** A key and values that would do something if a page took them for more than text. */
const HOSTILE = [
  '<img src=x onerror=alert(1)>\u202e"`${7*7}`',
  '<script>document.title="hit"</script>',
  `</pre><b>${'x'.repeat(64 * 1024 - 30)}`,
  '\u202eodassap\u0000&lt;',
] as const;

describe.skipIf(!available)('the page of the laboratory', { timeout: WAIT_MS }, () => {
  let browser: Browser;
  let stand: PageStand;

  beforeAll(async () => {
    await ensureBuilt();
    [browser, stand] = await Promise.all([startBrowser(), PageStand.open(join(root, 'dist/panel'))]);
  }, 300_000);
  afterAll(async () => {
    stand.close();
    await browser.close();
  });

  it('replays a fleet from a file: steps, sentences, past and future, messages, repair, story, exports', async () => {
    const lab = await LabPage.open(browser, stand.url);
    const { page } = lab;
    expect(await page.innerText('.welcome h2')).toBe('Falta um endereço novo');
    await lab.openFile('broken.jsonl', '{"kind":"recording"}\n');
    expect(await page.innerText('.welcome [role=alert]')).toContain('linha 1 da gravação');
    await lab.openFile('aula.jsonl', fleetStory().text);
    await lab.drawn();
    await lab.press('Home');
    expect(await lab.sentence()).toBe('n1 foi iniciado');
    await lab.press('ArrowRight', 'ArrowRight', 'ArrowLeft');
    expect(await lab.sentence()).toBe('n2 foi iniciado');
    await page.click('.event-list [role=option]:has-text("publicou o lote 1")');
    expect(await lab.sentence()).toBe('n1 publicou o lote 1 (insere casa/1 = azul → versão 1)');
    expect(await page.innerText('.body')).toContain('"tipo": "lote"');
    expect(await page.innerText('.journey')).toMatch(/n2\s+1 mudança aplicada/);
    expect(await page.locator('.row-future').count()).toBeGreaterThan(0);
    await page.locator('.event-list .rows').press('ArrowDown');
    expect(await lab.sentence()).toBe('broker recebeu o lote 1 de n1 e passa adiante');
    await lab.tab('repair');
    expect(await page.locator('.talk').count()).toBe(3);
    await page.locator('.talk', { hasText: 'n2 pergunta a n1' }).locator('li button').nth(1).click();
    expect(await lab.sentence()).toBe('n1 recebeu o pedido de lotes de n2 e responde');
    await lab.tab('story');
    expect(await page.locator('.story .is-done').count()).toBe(9);
    expect(await page.innerText('.story-end')).toContain('Venceu amarela (n2)');
    await lab.tab('file');
    const svg = await lab.download(/SVG/);
    expect(svg.name).toBe('aula.svg');
    expect(svg.text).toContain('casa/1');
    const log = await lab.download(/ShiViz/);
    expect(log.text).toMatch(/n1 \{/);
    await page.selectOption('.switches label:last-child select', 'en');
    expect(await lab.sentence()).toBe('n1 got the request for batches of n2 and answers');
    expect(await page.innerText('h1')).toBe('Laboratory');
    // A replay shows what happened so far, and ends at the end.
    await lab.press('End', 'Escape');
    await page.selectOption('.toolbar select', '20');
    await page.click('.toolbar button:has-text("replay")');
    await page.waitForSelector('.toolbar button:has-text("show everything")');
    const [at, of] = (await page.innerText('.toolbar-place')).split(' / ');
    expect(at).toBe(of);
    await lab.close();
  });

  it.each([
    [1280, 'light'],
    [360, 'dark'],
  ] as const)('has nothing for axe to find, and fits: %i px, %s', async (width, theme) => {
    const lab = await LabPage.open(browser, stand.url, { width, theme });
    expect(await lab.violations()).toEqual([]);
    const [key, ...values] = HOSTILE;
    await lab.openFile('hostile.jsonl', fleetStory(key, values).text);
    await lab.drawn();
    await lab.page.click('.picture summary');
    await lab.page.locator('.event-list [role=option]:has-text("publicou o lote 1")').click();
    expect(await lab.page.innerText('.body')).toContain('<img src=x onerror=alert(1)>\\u202e');
    expect(await lab.violations()).toEqual([]);
    expect(await lab.overflow()).toBeLessThanOrEqual(0);
    // The names of the lanes are whole, and do not touch the edge.
    const rooms = await lab.page.evaluate<number[]>(
      `[...document.querySelectorAll('.lane-name strong')].map((one) =>
        one.closest('.lanes').getBoundingClientRect().right - one.getBoundingClientRect().left - one.scrollWidth)`,
    );
    expect(Math.min(...rooms)).toBeGreaterThanOrEqual(4);
    for (const tab of ['repair', 'answers', 'file'] as const) {
      await lab.tab(tab);
      expect(await lab.overflow()).toBeLessThanOrEqual(0);
      if (tab !== 'repair') continue;
      // Topics of a conversation are the longest words that servers have.
      await lab.page.locator('.talk li button').nth(1).click();
      await lab.page.waitForSelector('.event-detail h3:has-text("/sincronia/")');
      expect(await lab.overflow()).toBeLessThanOrEqual(0);
    }
    await lab.tab('answers');
    expect(await lab.violations()).toEqual([]);
    expect(await lab.page.title()).toBe('Laboratório · kvs-frota');
    await lab.close();
  });

  it('tells the same story on consensus and with a leader, where the cut-off side is refused', async () => {
    const lab = await LabPage.open(browser, stand.url);
    await lab.openFile('consenso.jsonl', consensusStory().text);
    await lab.drawn();
    expect(await lab.page.locator('.story .is-done').count()).toBe(6);
    expect(await lab.page.innerText('.story')).toContain('escritas do lado da minoria não são aceitas');
    await lab.tab('repair');
    expect(await lab.page.innerText('.repairs')).toContain('não há reparo entre servidores');
    await lab.tab('file');
    await lab.openFile('lider.jsonl', leaderStory().text);
    await lab.tab('story');
    expect(await lab.page.innerText('.story')).toContain('Sem confirmação');
    await lab.close();
  });

  it('stays smooth with 5,000 messages', async () => {
    const lab = await LabPage.open(browser, stand.url, { isStill: false });
    await lab.openFile('longa.jsonl', longRun(5_000).text);
    await lab.drawn();
    await lab.press('0');
    const frames = (keys: string): Promise<number[]> =>
      lab.page.evaluate(`(async () => {
        const frame = document.querySelector('.diagram-frame');
        const times = [];
        let last = await new Promise(requestAnimationFrame);
        for (const key of ${JSON.stringify(keys.split(' '))}) {
          frame.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, shiftKey: key.startsWith('Arrow') }));
          const now = await new Promise(requestAnimationFrame);
          times.push(now - last);
          last = now;
        }
        return times.sort((a, b) => a - b);
      })()`);
    const zoom = await frames(Array.from({ length: 24 }, () => '+').join(' '));
    const pan = await frames(
      Array.from({ length: 40 }, (_, index) => (index % 3 ? 'ArrowRight' : 'ArrowLeft')).join(' '),
    );
    const out = await frames(Array.from({ length: 24 }, () => '-').join(' '));
    for (const times of [zoom, pan, out]) {
      const median = times[Math.floor(times.length / 2)] ?? Infinity;
      process.stderr.write(
        `frames: median ${median.toFixed(1)} ms, longest ${times.at(-1)?.toFixed(1) ?? ''} ms\n`,
      );
      expect(median).toBeLessThan(50);
    }
    // Rows and legs that are not in sight do not exist.
    expect(await lab.page.locator('[role=option]').count()).toBeLessThan(100);
    await lab.close();
  });

  it('drives a real fleet through the whole story', async () => {
    const process = await LabProcess.start();
    const url = await process.newAddress();
    await shutsOthersOut(browser, url);
    const lab = await LabPage.open(browser, url);
    const { page } = lab;
    await lab.drawn();
    expect(page.url()).toBe(url.replace(/#.*/, ''));
    await page.fill('[name=marca]', 'aula de hoje');
    await page.press('[name=marca]', 'Enter');
    await page.waitForSelector('[role=option]:has-text("Marca: aula de hoje")');
    // The whole story without a mouse, and as if the page was loaded again by mistake in the middle of it.
    const driver = new PageDriver(lab);
    await toTop(page);
    await tabTo(page, 'button', /^Fazer/);
    await driver.story(/verde/);
    await goesOnAfterReload(lab);
    expect(await driver.story()).toMatch(/Venceu (verde|amarela)/);
    await lab.tab('repair');
    expect(await page.innerText('.repairs')).toContain('mudança aplicada em quem perguntou');
    await lab.tab('answers');
    expect(await page.locator('.answers > li').first().innerText()).toMatch(
      /verde[^]*irmã[^]*amarela[^]*irmã/,
    );
    // By hand, with a session and a confirmation; and what is refused says why.
    await page.selectOption('[name=operacao]', 'compare');
    await page.fill('[name=versao]', '9');
    await page.click('.calls button[type=submit]');
    await page.waitForSelector('.answers .refused:has-text("NAO_SUPORTADO")');
    await staysInPlace(page);
    await opensPanelOf(page, 'n1');
    // Paused, the picture stays and the run goes on.
    await page.click('.toolbar button:has-text("pausar")');
    const paused = await page.innerText('.toolbar-place');
    await page.click('.server:has-text("n3") button:has-text("Matar")');
    await page.waitForSelector('[role=option]:has-text("n3 foi morto")');
    await page.click('.server:has-text("n3") button:has-text("Iniciar")');
    expect(await page.getAttribute('.toolbar button:has-text("ao vivo")', 'aria-pressed')).toBe('true');
    await page.click('.toolbar button:has-text("ao vivo")');
    await page.waitForSelector('.toolbar button:has-text("pausar")[aria-pressed=false]');
    await page.waitForSelector('.server:has-text("n3").is-atendendo');
    expect(await page.innerText('.toolbar-place')).not.toBe(paused);
    // One that somebody kills from outside is seen to be down, and is started again.
    process.killServer('n2');
    await page.waitForSelector('.server:has-text("n2").is-parado');
    await page.click('.server:has-text("n2") button:has-text("Iniciar")');
    await page.waitForSelector('.server:has-text("n2").is-atendendo');
    expect((await walkByTab(page)).faults).toEqual([]);
    expect(await lab.violations()).toEqual([]);
    await page.locator('.run-controls select').selectOption('lider');
    await page.click('dialog button:has-text("Não")');
    await lab.tab('file');
    const file = await lab.download(/Baixar/);
    expect(file.name).toMatch(/^laboratorio-[\d-]+\.jsonl$/);
    expect(file.text).toContain('aula de hoje');
    // In two tabs the same run is seen, and what is done in one.
    const tab = await LabPage.open(browser, await process.newAddress());
    await tab.drawn();
    await tab.page.fill('[name=marca]', 'da outra aba');
    await tab.page.press('[name=marca]', 'Enter');
    await lab.tab('story');
    for (const one of [page, tab.page])
      await one.waitForSelector('[role=option]:has-text("Marca: da outra aba")');
    await tab.close();
    // A disk that is full ends the file, and nothing else.
    const { size } = await stat(process.file);
    await fillDisk(process.child.pid ?? 0, true, size + 30);
    await page.fill('[name=marca]', 'disco cheio');
    await page.press('[name=marca]', 'Enter');
    await page.waitForSelector('[role=option]:has-text("Marca: disco cheio")');
    await process.until('the trouble', () => process.said.includes('não consigo mais gravar em'));
    await lab.tab('file');
    expect((await lab.download(/Baixar/)).text).toContain('disco cheio');
    // Another tab needs another link, and is told how to have one.
    const second = await LabPage.open(browser, url);
    await second.page.waitForSelector('.welcome:has-text("Este endereço já foi usado")');
    await second.page.waitForSelector('.welcome:has-text("bin/kvs laboratorio")');
    await second.close();
    // This one goes on by its old link too.
    await page.goto(url);
    await lab.drawn();
    await lab.close();
    expect(missingText(await process.stop())).toContain('o disco não aceitou mais nada');
  });
});

/** A page of somebody else's gets no session, not even with the link that nobody has used yet, and does not use it up. */
async function shutsOthersOut(browser: Browser, url: string): Promise<void> {
  const { port, hash } = new URL(url);
  const target = {
    ...{ port: Number(port), tls: false, paths: ['/v1/sessao', '/v1/situacao', '/v1/comando'] },
    bodies: [JSON.stringify({ token: hash.slice(1) })],
  };
  expect(seen(await fromForeignPage(browser, target, false))).toEqual([]);
  const rebound = seen(await fromReboundPage(browser, target));
  expect(rebound.filter(({ outcome }) => !outcome.startsWith('403 '))).toEqual([]);
  expect(rebound.length).toBeGreaterThan(0);
}

/** Whoever loads the page again is where they were: the same run, and the same steps of the story are done. */
async function goesOnAfterReload(lab: LabPage): Promise<void> {
  const { page } = lab;
  const done = page.locator('.story .is-done');
  const before = await done.count();
  expect(before).toBeGreaterThan(1);
  await page.reload();
  await lab.drawn();
  await done.nth(before - 1).waitFor();
  await page.waitForSelector('.phase .badge-good');
  await page.waitForSelector('.story .is-next button:has-text("Fazer")');
}

/** What stands beside a server stays where it is when that server is isolated, on wide pages and narrow ones. */
async function staysInPlace(page: Page): Promise<void> {
  const size = page.viewportSize() ?? { width: 1280, height: 800 };
  for (const width of [360, size.width]) {
    await page.setViewportSize({ ...size, width });
    const heights = (): Promise<number[]> =>
      page.evaluate(
        "[...document.querySelectorAll('.server')].map((one) => one.getBoundingClientRect().height)",
      );
    const before = await heights();
    await page.click('.server:has-text("n2") button:has-text("Isolar")');
    await page.waitForSelector('.server:has-text("n2") .status-isolado');
    expect(await heights()).toEqual(before);
    await page.click('.server:has-text("n2") button:has-text("Ligar de volta")');
    await page.waitForSelector('.server:has-text("n2") .status-isolado', { state: 'detached' });
  }
}

/** The link of a server leads to its own panel, in another tab. */
async function opensPanelOf(page: Page, server: string): Promise<void> {
  const [panel] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByRole('link', { name: `Painel de ${server}` }).click(),
  ]);
  await panel.waitForSelector('.pill.live');
  expect(await panel.innerText('.bar h1')).toContain(server);
  await panel.close();
}
