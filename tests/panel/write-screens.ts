/** Takes the pictures of docs/guia/painel.md and laboratorio.md: `npm run docs:screens`. They show a fleet that tells a story. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { startBrowser } from '../support/browser.js';
import { ensureBuilt, root } from '../support/e2e-build.js';
import { kvs } from '../support/kvs-program.js';
import { freePort } from '../support/net.js';
import { ServerProcess } from '../support/server-process.js';
import { LabProcess } from '../laboratory/lab-process.js';
import { LabPage } from './lab/lab-page.js';
import { PageDriver } from './lab/page-driver.js';
import { PanelPage } from './panel-page.js';

const FOLDER = join(root, 'docs/guia/imagens');
/** Largest picture: a clone stays small. */
const BYTES_MAX = 60 * 1024;

async function shoot(page: Page, name: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  for (let quality = 85; ; quality -= 10) {
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
    const bytes = Buffer.from(data, 'base64');
    if (bytes.length > BYTES_MAX && quality > 40) continue;
    await writeFile(join(FOLDER, `${name}.webp`), bytes);
    process.stdout.write(`${name}.webp: ${bytes.length} bytes\n`);
    return;
  }
}

async function write(panel: PanelPage, key: string, value: string): Promise<void> {
  await panel.openKey(key);
  await panel.page.fill('.write textarea', value);
  await panel.press('Gravar', '.write');
  await panel.says('.outcome', 'Gravada');
}

await ensureBuilt();
await mkdir(FOLDER, { recursive: true });
const broker = ['--broker-local', `127.0.0.1:${await freePort()}`, '--laboratorio'];
const start = (name: string): Promise<ServerProcess> =>
  ServerProcess.start({ fleet: 'escola', args: [...broker, '--nome', name] });
const servers = await Promise.all(['sala 1', 'sala 2', 'sala 3'].map(start));
await Promise.all(servers.map((server) => server.ready()));
const [one, two] = servers as [ServerProcess, ServerProcess, ServerProcess];
const browser = await startBrowser();
const open = async (server: ServerProcess, theme: 'light' | 'dark', width = 1100): Promise<PanelPage> => {
  const panel = await PanelPage.open(browser, `http://127.0.0.1:${server.port}`, { theme, width });
  return panel.live();
};
try {
  const panel = await open(one, 'light');
  await panel.says('.verdict', 'De acordo: os 3');
  const rooms = Array.from({ length: 40 }, (_, at) =>
    JSON.stringify({
      chave: `sala/${String(at + 1).padStart(2, '0')}/temperatura`,
      valor: String(19 + (at % 7)),
    }),
  );
  await fetch(`http://127.0.0.1:${two.port}/v1/lote`, { method: 'POST', body: rooms.join('\n') });
  await panel.says('.facts dd', '40');
  await panel.says('.verdict', 'De acordo: os 3');
  await shoot(panel.page, 'painel-agora');

  await panel.view('chaves');
  await write(panel, 'prova/data', 'quinta-feira, 14 h');
  const other = await open(two, 'light');
  await other.view('chaves');
  await write(other, 'prova/data', 'quinta-feira, 16 h');
  await kvs(['isola', '--port', String(two.port)]);
  await other.says('.pill', 'ao vivo');
  await write(other, 'prova/data', 'sexta-feira, 16 h');
  await write(panel, 'prova/data', 'quinta-feira, 17 h');
  await panel.view('agora');
  await panel.says('.card.gone, .card.off', 'sala 2');
  await kvs(['liga', '--port', String(two.port)]);
  await panel.view('chaves');
  await panel.openKey('prova/data');
  await panel.says('.rule', 'Há 2 pontas');
  await shoot(panel.page, 'painel-chave');

  const dark = await open(one, 'dark', 360);
  await dark.says('.verdict', 'De acordo: os 3');
  await shoot(dark.page, 'painel-estreito');

  await shootLaboratory();
} finally {
  await browser.close();
  await Promise.all(servers.map((server) => server.kill9()));
}

/** A server cut off, and both sides written; then a step of the repair, on a narrow page. */
async function shootLaboratory(): Promise<void> {
  const laboratory = await LabProcess.start();
  const lab = await LabPage.open(browser, await laboratory.newAddress());
  await lab.drawn();
  await lab.tab('answers');
  const driver = new PageDriver(lab);
  await driver.call('c1', 'n1', 'insert', 'casa/1', { value: 'azul' });
  await driver.agreed();
  await driver.isolate('n2');
  await driver.call('c1', 'n1', 'insert', 'casa/1', { value: 'verde' });
  await driver.call('c2', 'n2', 'insert', 'casa/1', { value: 'amarela' });
  await lab.page.waitForSelector('.lanes li:has-text("n2") .state-letter[title="2 versões"]');
  await lab.page.getByRole('option', { name: /n2 não recebeu/ }).waitFor();
  await lab.tab('story');
  await lab.page.setViewportSize({ width: 1280, height: 900 });
  await shoot(lab.page, 'laboratorio-partida');
  await driver.connect('n2');
  await driver.agreed();
  await lab.tab('repair');
  const repaired = lab.page.locator('.talk', { hasText: 'aplicada em quem perguntou' }).first();
  await repaired.locator('li button').nth(2).click();
  await lab.page.setViewportSize({ width: 1280, height: 860 });
  await lab.page.evaluate(`document.querySelector('.bench').scrollIntoView({ block: 'start' })`);
  await shoot(lab.page, 'laboratorio');
  await lab.page.setViewportSize({ width: 360, height: 740 });
  await lab.page.emulateMedia({ colorScheme: 'dark' });
  await lab.page.getByRole('option', { name: /lotes/ }).last().click();
  await lab.page.locator('.picture').scrollIntoViewIfNeeded();
  await lab.page.evaluate(`document.querySelector('.picture').scrollIntoView({ block: 'start' })`);
  await shoot(lab.page, 'laboratorio-estreito');
  await lab.close();
  await laboratory.stop();
}
