import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';

/** How the page is looked at. */
interface LabLook {
  readonly width?: number;
  readonly theme?: 'light' | 'dark';
  readonly locale?: string;
  readonly isStill?: boolean;
}

/** What the browser says of an answer that was meant: it is no fault of the page. */
const MEANT = /^Failed to load resource: the server responded with a status of (401|404|409)/;
const WAIT_MS = 20_000;

/** The laboratory's page in a browser, with all that it complained of. */
export class LabPage {
  private readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
  ) {}

  static async open(browser: Browser, url: string, look: LabLook = {}): Promise<LabPage> {
    const { width = 1280, theme = 'light', locale = 'pt-BR', isStill = true } = look;
    const context = await browser.newContext({
      ...{ viewport: { width, height: 800 }, colorScheme: theme, locale, acceptDownloads: true },
      reducedMotion: isStill ? 'reduce' : 'no-preference',
    });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const lab = new LabPage(page, context);
    const { origin } = new URL(url);
    page.on('console', (message) => {
      const isBad = message.type() === 'error' || message.type() === 'warning';
      if (isBad && !MEANT.test(message.text())) lab.complaints.push(message.text());
    });
    page.on('pageerror', (error) => lab.complaints.push(error.message));
    page.on('request', (request) => {
      const isOwn = request.url().startsWith(`${origin}/`) || request.url().startsWith(`blob:${origin}/`);
      if (!isOwn) lab.complaints.push(`asks for ${request.url()}`);
    });
    await page.goto(url);
    return lab;
  }

  /** It complained of nothing. */
  async close(): Promise<void> {
    await this.context.close();
    expect(this.complaints).toEqual([]);
  }

  async openFile(name: string, text: string): Promise<void> {
    const file = { name, mimeType: 'application/jsonl', buffer: Buffer.from(text) };
    await this.page.setInputFiles('input[type=file]', file);
  }

  /** Waits until the picture of a run is drawn. */
  async drawn(): Promise<this> {
    await this.page.waitForSelector('canvas[data-events]');
    return this;
  }

  async tab(id: 'story' | 'repair' | 'answers' | 'file'): Promise<void> {
    await this.page.click(`#tab-${id}`);
    await this.page.waitForSelector(`#tab-${id}[aria-selected=true]`);
  }

  /** The sentence of the event that is chosen. */
  sentence(): Promise<string> {
    return this.page.innerText('.step-sentence bdi');
  }

  async press(...keys: readonly string[]): Promise<void> {
    await this.page.focus('.diagram-frame');
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** What a download holds. */
  async download(name: RegExp): Promise<{ readonly name: string; readonly text: string }> {
    const [file] = await Promise.all([
      this.page.waitForEvent('download'),
      this.page.getByRole('button', { name }).click(),
    ]);
    return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
  }

  /** Whatever axe finds, one line each. */
  async violations(): Promise<string[]> {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    await this.page.evaluate(axe);
    return this.page.evaluate(
      `axe.run(document).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ': ' + failureSummary)))`,
    );
  }

  /** By how many pixels the page is wider than its window. */
  overflow(): Promise<number> {
    return this.page.evaluate('document.documentElement.scrollWidth - innerWidth');
  }
}
