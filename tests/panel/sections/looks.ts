import { describe, expect, it } from 'vitest';
import type { PanelStand } from '../stand.js';

const VIEWS = ['agora', 'chaves', 'numeros', 'eventos'] as const;

export function looksSection(open: () => PanelStand): void {
  describe('how it looks', () => {
    it.each(['light', 'dark'] as const)(
      'axe finds nothing in any view, %s, and nothing is too wide',
      async (theme) => {
        const stand = open();
        const panel = await stand.page(stand.fleet[0], { theme });
        await panel.live();
        const dark = await panel.page.evaluate(
          "getComputedStyle(document.documentElement).backgroundColor === 'rgb(20, 23, 28)'",
        );
        expect(dark).toBe(theme === 'dark');
        await panel.view('chaves');
        await panel.openKey('disputa');
        await panel.page.waitForSelector('.version.answer');
        for (const view of VIEWS) {
          await panel.view(view);
          if (view === 'chaves') await panel.openKey('disputa');
          // The rest is the same in both themes.
          expect(await panel.axe(theme === 'dark' ? ['color-contrast'] : undefined), view).toEqual([]);
          await panel.page.setViewportSize({ width: 360, height: 740 });
          await panel.assertFits();
          await panel.page.setViewportSize({ width: 1280, height: 800 });
        }
        await panel.close();
      },
    );

    it('speaks the language of the browser, and the other one on request, and remembers', async () => {
      const stand = open();
      const panel = await stand.page(stand.fleet[0], { locale: 'en-US' });
      await panel.live();
      await panel.says('.verdict', 'In agreement: all 2 servers hold the same content');
      expect(await panel.page.getAttribute('html', 'lang')).toBe('en');
      await panel.page.selectOption('.switches label:nth-child(2) select', 'pt');
      await panel.says('.verdict', 'De acordo');
      await panel.page.selectOption('.switches label:nth-child(1) select', 'dark');
      await panel.page.reload();
      await panel.live();
      await panel.says('.verdict', 'De acordo');
      expect(await panel.page.getAttribute('html', 'data-theme')).toBe('dark');
      await panel.close();
    });

    it('is reached by keyboard: first the way to the content, then all of it', async () => {
      const stand = open();
      const panel = await stand.page(stand.fleet[0]);
      await panel.live();
      await panel.page.keyboard.press('Tab');
      await panel.says('.skip:focus', 'Ir ao conteúdo');
      await panel.page.keyboard.press('Enter');
      expect(await panel.page.evaluate('document.activeElement.id')).toBe('main');
      await panel.page.keyboard.press('Tab');
      expect(await panel.page.evaluate('document.activeElement.className')).toContain('card');
      const outline = await panel.page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      expect(outline).toBe('solid');
      for (const path of ['/v1', '/v1/openapi.json', '/metrics', '/saude', '/pronto'])
        expect(await panel.page.locator(`.foot a[href="${path}"]`).count()).toBe(1);
      await panel.close();
    });
  });
}
