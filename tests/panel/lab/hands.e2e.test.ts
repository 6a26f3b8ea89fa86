import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumAvailable, startBrowser } from '../../support/browser.js';
import { folderOfTest } from '../../support/children.js';
import { ensureBuilt, root } from '../../support/e2e-build.js';
import { walkByTab } from '../../support/tab-walk.js';
import { LabPage } from './lab-page.js';
import { PageStand } from './page-stand.js';
import { fleetStory } from './run-builder.js';

const WAIT_MS = 60_000;

/** Drags a file of this machine over a point of the page and lets go, as the browser has it from the desktop. */
async function drop(page: Page, selector: string, file: string): Promise<void> {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`${selector} is not in sight`);
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [file], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: box.x + 20, y: box.y + 20, data });
  }
  await session.detach();
}

describe.skipIf(!chromiumAvailable())('hands on the page of the laboratory', { timeout: WAIT_MS }, () => {
  let browser: Browser;
  let stand: PageStand;
  let file: string;

  beforeAll(async () => {
    await ensureBuilt();
    [browser, stand] = await Promise.all([startBrowser(), PageStand.open(join(root, 'dist/panel'))]);
    file = join(await folderOfTest('lab-hands-'), 'solta.jsonl');
    await writeFile(file, fleetStory().text);
  }, 300_000);
  afterAll(async () => {
    stand.close();
    await browser.close();
  });

  it('a recording is opened by drop, and one that misses its place does not take the page away', async () => {
    const lab = await LabPage.open(browser, stand.url);
    const { page } = lab;
    await drop(page, '.drop', file);
    await lab.drawn();
    await page.waitForSelector('.phase:has-text("solta.jsonl")');
    await page.click('.event-list [role=option]:has-text("publicou o lote 1")');
    await drop(page, '.bar', file);
    await drop(page, '.picture', file);
    expect(page.url()).toBe(stand.url);
    expect(await lab.sentence()).toContain('n1 publicou o lote 1');
    await lab.close();
  });

  it('buttons zoom, show the whole and turn the axis; types, hosts and texts are filtered', async () => {
    const lab = await LabPage.open(browser, stand.url);
    const { page } = lab;
    await lab.openFile('aula.jsonl', fleetStory().text);
    await lab.drawn();
    const drawn = async (name: 'events' | 'strokes'): Promise<number> => {
      // It is drawn with the next frame.
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
      return Number(await page.getAttribute('canvas', `data-${name}`));
    };
    const button = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();
    await button('inteiro');
    const whole = await drawn('events');
    expect(whole).toBeGreaterThanOrEqual(58);
    for (let times = 0; times < 4; times += 1) await button('Aproximar');
    const near = await drawn('events');
    expect(near).toBeLessThan(whole);
    await button('Afastar');
    expect(await drawn('events')).toBeGreaterThan(near);
    await page.getByRole('button', { name: 'Eixo: por evento' }).click();
    await page.getByRole('button', { name: 'Eixo: em tempo real' }).waitFor();
    await button('inteiro');
    expect(await drawn('events')).toBe(whole);
    await page.getByRole('button', { name: 'Eixo: em tempo real' }).click();

    await button('inteiro');
    const legs = await drawn('strokes');
    await page.click('.picture summary');
    const presences = page.getByRole('checkbox', { name: 'presence' });
    expect(await presences.isChecked()).toBe(false);
    await presences.check();
    await button('inteiro');
    expect(await drawn('strokes')).toBeGreaterThan(legs);
    await presences.uncheck();
    expect(await drawn('strokes')).toBe(legs);
    await page.getByRole('checkbox', { name: 'broker' }).uncheck();
    expect(await page.locator('.lanes li').count()).toBe(5);
    await page.getByRole('checkbox', { name: 'broker' }).check();
    await page.getByLabel('Chave ou valor').fill('amarela');
    await page.waitForSelector('.event-list [role=option]:has-text("amarela")');
    expect(await page.locator('.event-list [role=option]:has-text("verde")').count()).toBe(0);
    await lab.close();
  });

  it('Tab goes through all of it in its order, seen and named, and out again', async () => {
    const lab = await LabPage.open(browser, stand.url);
    expect((await walkByTab(lab.page)).faults).toEqual([]);
    await lab.openFile('aula.jsonl', fleetStory().text);
    await lab.drawn();
    await lab.page.click('.picture summary');
    await lab.page.click('.event-list [role=option]:has-text("publicou o lote 1")');
    for (const tab of ['story', 'repair', 'answers', 'file'] as const) {
      await lab.tab(tab);
      const { stops, faults } = await walkByTab(lab.page);
      expect(faults, tab).toEqual([]);
      const names = stops.map(({ role, name }) => `${role} ${name}`);
      expect(names).toEqual(
        expect.arrayContaining([
          ...['link Ir ao diagrama', 'application Diagrama espaço-tempo', 'listbox Eventos 58'],
          ...['button Aproximar', 'checkbox presence 14', 'searchbox Chave ou valor'],
        ]),
      );
    }
    await lab.close();
  });
});
