import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXERCISES } from '../../../src/laboratory/exercises/catalogue.js';
import { recordingFor } from '../../../src/laboratory/exercises/planted-fault.js';
import { correctHere } from '../../laboratory/exercises/correct-here.js';
import { RIGHT_RUNS } from '../../laboratory/exercises/right-runs.js';
import { isFound, shows } from '../../laboratory/exercises/run-script.js';
import type { RightRun } from '../../laboratory/exercises/run-script.js';
import { LabProcess } from '../../laboratory/lab-process.js';
import { chromiumAvailable, startBrowser } from '../../support/browser.js';
import { ensureBuilt, root } from '../../support/e2e-build.js';
import { LabPage } from './lab-page.js';
import { PageDriver } from './page-driver.js';

/** Runs of one recording after the other, in the order in which they do not disturb what comes after them. */
const FLEET = [
  ...['qualquer-lugar-1', 'ao-mesmo-tempo-1', 'sessao-1', 'vagas-frota-1'],
  ...['mensagens-perdidas-1', 'relogio-1', 'kill-9-1'],
];
const CONSENSUS = ['vagas-consenso-1', 'maioria-2'];
const LEADER = ['vagas-lider-1', 'nunca-para-tras-1'];

const DONE = { code: 0, stdout: '', stderr: '' };

function runOf(file: string): RightRun {
  const run = RIGHT_RUNS.find((one) => one.file === file);
  if (run === undefined) throw new Error(`no run ${file}`);
  return run;
}

/** Somebody whose planted fault is in this recording. */
function ownerOf(file: string): string {
  const names = Array.from({ length: 100 }, (_, at) => `Maria ${at}`);
  return names.find((name) => recordingFor(name) === file) ?? '';
}

describe.skipIf(!chromiumAvailable())('by the page alone', { timeout: 300_000 }, () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    await ensureBuilt();
    folder = await mkdtemp(join(tmpdir(), 'kvs-exercises-'));
    browser = await startBrowser();
  }, 300_000);
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  async function opened(engine: string) {
    const process = await LabProcess.start('--motor', engine);
    const lab = await LabPage.open(browser, await process.newAddress());
    await lab.drawn();
    await lab.tab('answers');
    const close = async (): Promise<void> => {
      await lab.close();
      await process.stop();
    };
    return { lab, driver: new PageDriver(lab), close };
  }

  /** Does what these runs say in one recording, and lets the corrector judge what the page downloads. */
  async function drive(
    { lab, driver }: { readonly lab: LabPage; readonly driver: PageDriver },
    files: readonly string[],
  ): Promise<void> {
    const runs = files.map(runOf);
    for (const run of runs) await run.drive(driver);
    await lab.tab('file');
    const { text } = await lab.download(/Baixar/);
    const path = join(folder, `${files[0]!}.jsonl`);
    await writeFile(path, text);
    for (const { file, exercise } of runs)
      expect([file, await correctHere([exercise, path, '-q'])]).toEqual([file, DONE]);
  }

  /** The guided story, by keys. */
  async function tell({ lab, driver }: Awaited<ReturnType<typeof opened>>): Promise<string> {
    await lab.tab('story');
    expect(await driver.story()).toContain('Fim.');
    return lab.page.innerText('.story');
  }

  it('every exercise is done', () => {
    const driven = new Set([...FLEET, ...CONSENSUS, ...LEADER].map((file) => runOf(file).exercise));
    const left = EXERCISES.map(({ name }) => name).filter((name) => !driven.has(name));
    expect(left).toEqual(['defeito']);
  });

  it.concurrent('those of the fleet, and the planted fault', async () => {
    const stand = await opened('frota');
    const { lab } = stand;
    await drive(stand, FLEET);

    const path = join(root, 'docs/laboratorio/defeito/d.jsonl');
    await lab.openFile('d.jsonl', await readFile(path, 'utf8'));
    const { page } = lab;
    await page.waitForSelector('.phase:has-text("d.jsonl")');
    await page.getByText('Legenda e filtro').click();
    await page.getByLabel('Chave ou valor').fill('130');
    await page.locator('.event-list .rows').press('End');
    // Its version bears an instant that is far ahead of that at which it was written.
    await page.getByRole('option', { name: 'n3 respondeu a c1: 130' }).click();
    const [, n = ''] = /#(\d+)/.exec(await page.innerText('#detail-title')) ?? [];
    const words = ['defeito', path, '--nome', ownerOf('d.jsonl'), '--resposta', `relogio ${n}`, '-q'];
    expect(await correctHere(words)).toEqual(DONE);
    await page.getByRole('button', { name: 'Voltar ao laboratório' }).click();
    await page.waitForSelector('.phase .badge-good');
    await stand.close();
  });

  it.concurrent('those of consensus and of the leader, and their stories', async () => {
    const stand = await opened('consenso');
    const { lab, driver } = stand;
    await drive(stand, CONSENSUS);
    // It was isolated to the end: the story needs a majority.
    await driver.connect('n3');
    // A replica dies with its server: the other two go on, and it has what it missed when it is back.
    await lab.tab('answers');
    await driver.kill('n3');
    await driver.ask('c1', 'n1', 'insert', 'sem n3', isFound, { value: 'sim' });
    await driver.start('n3');
    await driver.ask('c2', 'n3', 'query', 'sem n3', shows('sim'));
    expect(await tell(stand)).toContain('escritas do lado da minoria não são aceitas');
    await driver.begin('lider');
    await lab.tab('answers');
    await drive(stand, LEADER);
    // The followers know all while their leader is dead, which then begins with what they hold.
    await lab.tab('answers');
    await driver.ask('c1', 'n1', 'insert', 'antes', isFound, { value: 'sim' });
    await driver.kill('n1');
    await driver.ask('c2', 'n2', 'insert', 'sem n1', ({ code }) => code !== 'OK', { value: 'não' });
    await driver.start('n1');
    await driver.ask('c1', 'n1', 'query', 'antes', shows('sim'));
    await driver.kill('n3');
    await driver.start('n3');
    await driver.ask('c2', 'n3', 'query', 'antes', shows('sim'));
    expect(await tell(stand)).toContain('nunca diz "gravado" sem todos');
    await stand.close();
  });
});
