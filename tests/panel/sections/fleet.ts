import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { kvs } from '../../support/kvs-program.js';
import type { PanelStand } from '../stand.js';

/** Largest first view, in bytes as they travel: page, code and styles. */
const FIRST_VIEW_BYTES_MAX = 120 * 1024;

export function fleetSection(open: () => PanelStand): void {
  describe('the fleet now', () => {
    it('is shown at once, in few bytes, and with nothing from elsewhere', async () => {
      const stand = open();
      const panel = await stand.page(stand.fleet[0]);
      await panel.live();
      const bytes = await panel.page.evaluate<number>(
        `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
          .filter(({ name }) => !name.includes('/v1/')).reduce((sum, { transferSize }) => sum + transferSize, 0)`,
      );
      const ms = await eventually('the first picture', () =>
        panel.page.evaluate<number | undefined>('window.firstViewMs'),
      );
      process.stderr.write(`first view of the panel: ${Math.round(ms)} ms, ${bytes} bytes\n`);
      expect(bytes).toBeGreaterThan(10_000);
      expect(bytes).toBeLessThan(FIRST_VIEW_BYTES_MAX);
      await panel.close();
    });

    it('shows servers by name, what they hold, and whom they hear', async () => {
      const stand = open();
      const panel = await stand.page(stand.fleet[0]);
      await panel.live();
      await panel.says('.verdict', 'De acordo: os 2 servidores têm o mesmo conteúdo');
      expect(await panel.page.locator('.card').allInnerTexts()).toEqual([
        expect.stringMatching(/^norte\s*este\s*atendendo\s*em dia\s*= [0-9a-f]{6}$/),
        expect.stringMatching(/^sul\s*atendendo\s*em dia\s*= [0-9a-f]{6}$/),
      ]);
      await panel.says('.carrier-name', 'broker mqtt://127.0.0.1:');
      await panel.says(
        'tbody tr:nth-child(2)',
        /sul.*127\.0\.0\.1:\d+.*atendendo.*em dia.*igual a este.*todos/s,
      );
      await panel.press(/^norte/);
      expect(await panel.page.locator('.arc.heard').count()).toBe(1);
      await panel.says('.limits', /chaves.*de 10\.000\.000/s);
      await panel.close();
    });

    it('shows who is cut off, on both sides, and that they find each other again', async () => {
      const stand = open();
      const [north, south] = stand.fleet;
      const [panel, other] = await Promise.all([stand.page(north), stand.page(south)]);
      await Promise.all([panel.live(), other.live()]);
      const { code } = await kvs(['isola', '--port', String(south.port)]);
      expect(code).toBe(0);
      await other.says('.card.off', 'isolado');
      await other.says('.carrier-name', 'sem broker');
      await other.says('.warnings', 'isolado do broker de propósito');
      expect(await other.page.locator('.wire.cut').count()).toBeGreaterThan(0);
      await panel.says('.card.gone', /sul.*fora desde/s);
      // Both write: nobody waits for anybody.
      await panel.view('chaves');
      await other.view('chaves');
      for (const [one, value] of [
        [panel, 'do norte'],
        [other, 'do sul'],
      ] as const) {
        await one.openKey('disputa');
        await one.page.fill('.write textarea', value);
        await one.press('Gravar', '.write');
        await one.says('.outcome', 'Gravada a versão 1');
      }
      await kvs(['liga', '--port', String(south.port)]);
      // Two heads of one version: the rule says which answers, and why.
      for (const one of [panel, other]) {
        await one.says('.rule', /Há 2 pontas.*(decide o instante|decide a origem)/s);
        expect(await one.page.locator('.version.head').count()).toBe(2);
        expect(await one.page.locator('.version.answer').count()).toBe(1);
        expect(await one.page.locator('.together').count()).toBe(1);
        await one.says('.window-row', 'irmãs');
      }
      await panel.view('agora');
      await panel.says('.verdict', 'De acordo: os 2');
      await panel.view('eventos');
      await panel.says('.event', 'um servidor saiu');
      await panel.close();
      await other.close();
    });
  });
}
