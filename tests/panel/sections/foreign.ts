import { describe, expect, it } from 'vitest';
import type { PanelStand } from '../stand.js';

const MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';

export function foreignSection(open: () => PanelStand): void {
  describe('hostile keys and values', () => {
    it('are text wherever they are shown, and nothing in them is unseen', async () => {
      const stand = open();
      const [north] = stand.fleet;
      const long = 'x'.repeat(65_536);
      const pairs = [
        [`mal/${MARKUP}`, MARKUP],
        ['mal/a\u202egpj.exe', 'conta\u202e321\u0000\u001b[2J\u200b'],
        ['mal/controles', '\u0001'.repeat(10_000)],
        ['mal/longo', long],
        [`mal/${'k'.repeat(20_000)}`, 'de uma chave longa'],
      ] as const;
      const body = pairs.map(([chave, valor]) => JSON.stringify({ chave, valor })).join('\n');
      const batch = await fetch(`http://127.0.0.1:${north.port}/v1/lote`, { method: 'POST', body });
      expect(await batch.text()).not.toContain('codigo');
      const panel = await stand.page(north);
      await panel.live();
      await panel.view('chaves');
      await panel.page.fill('input[type=search]', 'mal/');
      await panel.says('.list-foot', '5 chaves');
      const names = await panel.page.locator('.window-row .key-name bdi').allInnerTexts();
      expect(names).toContain(`mal/${MARKUP}`);
      expect(names).toContain('mal/aU+202Egpj.exe');

      await panel.says('.window-row', MARKUP);
      await panel.page.locator('.window-row').filter({ hasText: MARKUP }).first().click();
      await panel.says('#key-title', `mal/${MARKUP}`);
      expect(await panel.text('.value')).toBe(MARKUP);

      await panel.page.locator('.window-row').filter({ hasText: 'gpj.exe' }).click();
      await panel.says('#key-title', 'gpj.exe');
      await panel.says('.version-view .value', 'conta');
      const marks = panel.page.locator('.version-view .value .mark');
      expect(await marks.allInnerTexts()).toEqual(['U+202E', 'NUL', 'U+001B', 'U+200B']);
      expect(await panel.page.title()).toContain('⟨U+202E⟩');

      await panel.page.locator('.window-row').filter({ hasText: 'controles' }).click();
      await panel.says('#key-title', 'controles');
      await panel.press('Mostrar tudo (10.000 caracteres)');
      await panel.shows("document.querySelector('.version-view .value').innerText.length > 50000");

      await panel.page.locator('.window-row').filter({ hasText: 'mal/longo' }).click();
      await panel.press('Mostrar tudo (65.536 caracteres)');
      await panel.shows("document.querySelector('.version-view .value').innerText.length === 65536");

      await panel.page.locator('.window-row').filter({ hasText: 'kkkk' }).click();
      await panel.says('.note', 'longa demais para um endereço');
      await panel.page.fill('.write textarea', 'outro');
      await panel.press('Gravar', '.write');
      await panel.says('.outcome', 'Gravada a versão 2');

      await panel.assertFits();
      expect(await panel.page.evaluate('window.hacked')).toBeUndefined();
      expect(await panel.page.locator('#app img, #app script').count()).toBe(0);
      await panel.close();
    });
  });
}
