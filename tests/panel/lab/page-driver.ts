import type { Locator, Page } from 'playwright-core';
import type { RecordedEngine } from '../../../src/laboratory/recording.js';
import type {
  CallDetails,
  RunDriver,
  RunOperation,
  SeenAnswer,
} from '../../laboratory/exercises/run-script.js';
import { eventually } from '../../support/eventually.js';
import type { LabPage } from './lab-page.js';

/** How long anything may take that servers do. */
const PATIENCE_MS = 30_000;
/** Steps of the longest story, and some that are done again. */
const STORY_PRESSES_MAX = 40;
/** A step that was not done by then is done again: it may have been refused. */
const STEP_AGAIN_MS = 5_000;
const SERVERS = ['n1', 'n2', 'n3'];

/** A laboratory that runs, driven by what its page offers, as a person does: buttons, forms and what is to be read there. */
export class PageDriver implements RunDriver {
  private readonly page: Page;
  /** Writes of this run that were acknowledged. */
  private written = 0;

  constructor(lab: LabPage) {
    this.page = lab.page;
  }

  /** Other servers, of this engine, and a recording of their own. */
  async begin(engine: RecordedEngine): Promise<void> {
    const { page } = this;
    const engines = page.getByLabel('Motor');
    if ((await engines.inputValue()) === engine)
      await page.getByRole('button', { name: 'Recomeçar' }).click();
    else await engines.selectOption(engine);
    await page.locator('dialog .danger').click();
    const isUnderWay = page.locator('.run-controls [role=status]');
    await isUnderWay.waitFor();
    await isUnderWay.waitFor({ state: 'detached', timeout: PATIENCE_MS });
    for (const id of SERVERS) await this.state(id, 'atendendo');
    this.written = 0;
  }

  async call(
    client: string,
    server: string,
    operation: RunOperation,
    key: string,
    { value = '', version, session, confirm = 0 }: CallDetails = {},
  ): Promise<SeenAnswer> {
    const form = this.page.locator('.calls form');
    const before = await this.latest();
    // What stands there already is left alone, and is asked for at once: every question goes through the browser.
    const shown = await this.shownCall();
    const choices = [
      [form.getByLabel('Quem'), shown.client, client],
      [form.locator('[name=servidor]'), shown.server, server],
      [form.locator('[name=operacao]'), shown.operation, operation],
    ] as const;
    for (const [select, now, wanted] of choices) if (now !== wanted) await select.selectOption(wanted);
    await form.locator('[name=chave]').fill(key);
    const fields = [
      ['valor', ['insert', 'compare'], value],
      ['versao', ['query', 'remove', 'compare'], version === undefined ? '' : String(version)],
    ] as const;
    for (const [name, operations, text] of fields) {
      if ((operations as readonly string[]).includes(operation))
        await form.locator(`[name=${name}]`).fill(text);
    }
    const isSession = session === true;
    if (shown.isSession !== isSession) await form.getByLabel('com token de sessão').setChecked(isSession);
    const confirmed = form.getByLabel('confirmada por outros');
    if (String(confirm) !== shown.confirm && (await confirmed.count()) > 0)
      await confirmed.selectOption(String(confirm));
    await form.locator('[type=submit]').click();
    const answer = await eventually(
      `an answer to ${operation} ${key} at ${server}`,
      async () => {
        const now = await this.latest();
        return now?.asked !== before?.asked && now?.isAnswered === true && now;
      },
      PATIENCE_MS,
    );
    await form.locator('[type=submit]:enabled').waitFor();
    if (answer.code === 'OK' && (operation === 'insert' || operation === 'compare')) this.written++;
    return answer;
  }

  async ask(
    client: string,
    server: string,
    operation: RunOperation,
    key: string,
    isWanted: (answer: SeenAnswer) => boolean,
    details: CallDetails = {},
  ): Promise<SeenAnswer> {
    return eventually(
      `${operation} ${key} at ${server} as wanted`,
      async () => {
        const answer = await this.call(client, server, operation, key, details);
        return isWanted(answer) && answer;
      },
      PATIENCE_MS,
    );
  }

  async isolate(server: string): Promise<void> {
    await this.press(server, 'Isolar');
    await this.card(server).getByText('isolado').waitFor();
  }

  async connect(server: string): Promise<void> {
    await this.press(server, 'Ligar de volta');
    await this.card(server).getByRole('button', { name: 'Isolar' }).waitFor();
  }

  async lose(server: string, perMille: number): Promise<void> {
    await this.dial(server, 'Perde', perMille);
  }

  async clock(server: string, ms: number): Promise<void> {
    await this.dial(server, 'Relógio', ms);
  }

  async kill(server: string): Promise<void> {
    await this.press(server, 'Matar');
    await this.state(server, 'parado');
  }

  async start(server: string): Promise<void> {
    await this.press(server, 'Iniciar');
    await this.state(server, 'atendendo');
  }

  /** Beside the diagram each server has a letter for what it holds, and its title says how many versions that is. */
  async agreed(): Promise<void> {
    const { page, written } = this;
    await eventually(
      `the same letter for all, of ${written} versions`,
      async () => {
        const held = await page.evaluate<readonly (readonly [letter: string, versions: number])[]>(
          `[...document.querySelectorAll('.lanes li')]
            .filter((one) => ${JSON.stringify(SERVERS)}.includes(one.querySelector('strong').textContent))
            .map((one) => one.querySelector('.state-letter'))
            .map((one) => [one?.textContent ?? '', Number.parseInt(one?.title ?? '0')])`,
        );
        return (
          new Set(held.map(([letter]) => letter)).size === 1 && held.every(([, count]) => count >= written)
        );
      },
      PATIENCE_MS,
    );
  }

  /**
   * Does the guided story by keys: whoever does one step is led to the next.
   * @param before the step before which it stops
   * @returns how it ends
   */
  async story(before?: RegExp): Promise<string> {
    const { page } = this;
    await page.locator('.story .is-next button:has-text("Fazer")').focus();
    // A step that is refused stands there again, to be done once more.
    for (let presses = 0; presses < STORY_PRESSES_MAX; presses += 1) {
      const place = page.locator('.story .is-next button:focus, .story-end:focus');
      await place.waitFor({ timeout: PATIENCE_MS });
      // Asked at once: the focus goes on meanwhile.
      const [name, step] = await page.evaluate<[string, string]>(
        '(({ className, textContent }) => [className, textContent])(document.activeElement)',
      );
      if (name === 'story-end' || before?.test(step) === true) return step;
      await page.keyboard.press('Enter');
      await place
        .filter({ hasNotText: step })
        .waitFor({ timeout: STEP_AGAIN_MS })
        .catch(() => undefined);
    }
    throw new Error(`the story goes no further: ${await page.innerText('.story')}`);
  }

  private card(server: string): Locator {
    return this.page.getByRole('article', { name: server });
  }

  private press(server: string, name: string): Promise<void> {
    return this.card(server).getByRole('button', { name }).click();
  }

  private async dial(server: string, name: string, to: number): Promise<void> {
    const dial = this.card(server).getByLabel(name);
    await dial.selectOption(String(to));
    await eventually(`${name} of ${server} is ${to}`, async () => (await dial.inputValue()) === String(to));
  }

  private async state(server: string, state: string): Promise<void> {
    await this.card(server).locator(`.status-${state}`).waitFor({ timeout: PATIENCE_MS });
  }

  /** What the form of the calls says now; a number of confirmations that is not to be seen is not known. */
  private shownCall(): Promise<{
    readonly client: string;
    readonly server: string;
    readonly operation: string;
    readonly isSession: boolean;
    readonly confirm: string | undefined;
  }> {
    return this.page.evaluate(
      `(() => {
        const form = document.querySelector('.calls form');
        const selects = [...form.querySelectorAll('select')].map(({ value }) => value);
        const [client, server, operation, confirm] = selects;
        return { client, server, operation, confirm, isSession: form.querySelector('[type=checkbox]').checked };
      })()`,
    );
  }

  /** The latest answer of the tab of the answers. */
  private latest(): Promise<
    (SeenAnswer & { readonly asked: string; readonly isAnswered: boolean }) | undefined
  > {
    return this.page.evaluate(
      `(() => {
        const one = document.querySelector('.answers > li');
        if (one === null) return undefined;
        return {
          asked: [...document.querySelectorAll('.answers > li')].map((each) => each.querySelector(':scope > .quiet').textContent).join(),
          isAnswered: one.querySelector('.answer') !== null,
          code: one.querySelector('.refused code')?.textContent ?? 'OK',
          lines: [...one.querySelectorAll('.versions li')].map((line) => ({ value: line.querySelector('bdi').textContent })),
        };
      })()`,
    );
  }
}
