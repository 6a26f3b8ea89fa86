import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { eventually } from '../support/eventually.js';

/** How a page is looked at. */
export interface Look {
  readonly width?: number;
  readonly theme?: 'light' | 'dark';
  readonly locale?: string;
}

/** What the browser says of an answer that was meant, such as a 401: it is no fault of the page. */
const MEANT =
  /^Failed to load resource: (the server responded with a status of (401|403|404|412)|net::ERR_FAILED)/;

/** A busy machine takes its time. */
const WAIT_MS = 60_000;

/** The panel in a browser, with all that it complained of. */
export class PanelPage {
  /** Errors and warnings of the console, exceptions, violations of its policy, requests to elsewhere. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
  ) {}

  static async open(browser: Browser, base: string, look: Look = {}): Promise<PanelPage> {
    const { width = 1280, theme = 'light', locale = 'pt-BR' } = look;
    const viewport = { width, height: 800 };
    const context = await browser.newContext({ viewport, colorScheme: theme, locale });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const panel = new PanelPage(page, context);
    panel.listen(base);
    // When it shows the first picture, by its own clock.
    await page.addInitScript(`new MutationObserver((_, self) => {
      if (!document.querySelector('.facts')) return;
      self.disconnect();
      requestAnimationFrame(() => { window.firstViewMs = performance.now(); });
    }).observe(document, { childList: true, subtree: true })`);
    await page.goto(`${base}/`);
    return panel;
  }

  async close(): Promise<void> {
    await this.context.close();
    expect(this.complaints).toEqual([]);
  }

  private listen(base: string): void {
    this.page.on('console', (message) => {
      const isBad = message.type() === 'error' || message.type() === 'warning';
      if (isBad && !MEANT.test(message.text())) this.complaints.push(message.text());
    });
    this.page.on('pageerror', (error) => this.complaints.push(error.message));
    this.page.on('request', (request) => {
      if (!request.url().startsWith(`${base}/`)) this.complaints.push(`asks for ${request.url()}`);
    });
  }

  /** The page says that it is up to date. */
  async live(): Promise<this> {
    await this.page.waitForSelector('.pill.live');
    await this.page.waitForSelector('main .sheet');
    return this;
  }

  async view(name: 'agora' | 'chaves' | 'numeros' | 'eventos'): Promise<void> {
    await this.page.click(`.views a[href="#/${name}"]`);
    await this.page.waitForSelector(`.views a[href="#/${name}"][aria-current]`);
  }

  async openKey(key: string): Promise<void> {
    await this.page.fill('.keys-list form input', key);
    await this.page.press('.keys-list form input', 'Enter');
    await this.page.waitForSelector('#key-title');
  }

  /** Waits until an element says so. */
  async says(selector: string, text: string | RegExp): Promise<void> {
    await this.page.locator(selector).filter({ hasText: text }).first().waitFor();
  }

  /** Waits until an expression holds in the page. Its policy lets no text become code, so it is asked from without. */
  async shows(expression: string): Promise<void> {
    await eventually(expression, () => this.page.evaluate<boolean>(expression), WAIT_MS);
  }

  text(selector: string): Promise<string> {
    return this.page.locator(selector).first().innerText();
  }

  /** Chooses the button of this name and clicks it. */
  async press(name: string | RegExp, within = 'body'): Promise<void> {
    await this.page.locator(within).getByRole('button', { name }).first().click();
  }

  /** Nothing is wider than the window, once what is drawn has followed its width. */
  async assertFits(): Promise<void> {
    await this.shows('document.documentElement.scrollWidth <= innerWidth');
  }

  /** What axe finds: each rule with what breaks it. @param rules these alone; absent: all */
  async axe(rules?: readonly string[]): Promise<string[]> {
    const has = await this.page.evaluate("typeof axe === 'object'");
    if (has !== true) await this.page.evaluate(await axeSource);
    const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
    return await this.page.evaluate<string[]>(
      `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) =>
        violations.flatMap(({ id, nodes }) => nodes.map(({ html, any }) =>
          id + ': ' + html.slice(0, 160) + ' ' + any.map(({ message }) => message).join(' '))))`,
    );
  }

  /**
   * Does something while the times between frames are measured.
   * @returns ms between frames, the longest first
   */
  async frames(work: string): Promise<number[]> {
    return await this.page.evaluate<number[]>(`(async () => {
      const times = [];
      let isOn = true;
      let before = performance.now();
      const tick = (now) => { times.push(now - before); before = now; if (isOn) requestAnimationFrame(tick); };
      requestAnimationFrame(tick);
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      await (async () => { ${work} })();
      isOn = false;
      return times.slice(1).sort((a, b) => b - a);
    })()`);
  }
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
